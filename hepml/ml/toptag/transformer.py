"""A particle transformer: attention that knows how pairs of constituents split (Qu, Li, Qian).

Proc. ICML 2022, PMLR 162, 18281. Imports torch: imported only by what makes a network.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hepml.ml.toptag.networks import FEATURES, LOG_PT, filled

__all__ = ["ParticleTransformer", "pair_features"]

PAIR_FEATURES = 4
_LEAST = 1e-8


class ParticleTransformer(nn.Module):
    """Attention blocks over constituents, then blocks in which one token looks at all of them.

    Parameters
    ----------
    width : int
        Channels of a constituent.
    embedding : sequence of int
        Units of the layers that make them; the last is ``width``.
    pairs : sequence of int
        Units of the layers on pairs.
    heads, layers, class_layers : int
        Of the attention.
    dropout : float
        In attention blocks over constituents.
    """

    def __init__(
        self,
        width: int = 128,
        embedding: Sequence[int] = (128, 512, 128),
        pairs: Sequence[int] = (64, 64, 64),
        heads: int = 8,
        layers: int = 8,
        class_layers: int = 2,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(FEATURES)
        parts: list[nn.Module] = []
        inputs = FEATURES
        for units in embedding:
            parts += [nn.LayerNorm(inputs), nn.Linear(inputs, units), nn.GELU()]
            inputs = units
        self.embedding = nn.Sequential(*parts)
        biases: list[nn.Module] = [nn.BatchNorm2d(PAIR_FEATURES)]
        inputs = PAIR_FEATURES
        for units in (*pairs, heads):
            biases += [nn.Conv2d(inputs, units, 1), nn.BatchNorm2d(units), nn.GELU()]
            inputs = units
        self.pairs = nn.Sequential(*biases[:-1])
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(layers))
        self.tokens = nn.ModuleList(Block(width, heads, 0.0) for _ in range(class_layers))
        self.token = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Logits, shape (jets,)."""
        there = filled(x)
        # a jet without constituents attends to an empty slot: no division by nothing
        seen = there | (torch.arange(x.shape[1], device=x.device) == 0)
        hidden = self.embedding(self.norm(x.transpose(1, 2)).transpose(1, 2))
        closed = torch.zeros_like(seen, dtype=hidden.dtype).masked_fill(~seen, -math.inf)
        closed = closed[:, None, None, :]
        bias = self.pairs(pair_features(x, there)) + closed
        for block in self.blocks:
            hidden = block(hidden, hidden, bias)
        token = self.token.expand(x.shape[0], -1, -1).to(hidden.dtype)
        closed = torch.cat([torch.zeros_like(closed[..., :1]), closed], dim=3)
        for block in self.tokens:
            token = block(token, torch.cat([token, hidden], dim=1), closed)
        found: Tensor = self.head(token[:, 0]).squeeze(1)
        return found


class Block(nn.Module):
    """Attention and two dense layers, each normalised before and after, with shortcuts."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.before, self.after = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.both = nn.Linear(width, width), nn.Linear(width, 2 * width)
        self.output = nn.Linear(width, width)
        self.dense = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width),
            nn.GELU(),
            nn.LayerNorm(4 * width),
            nn.Linear(4 * width, width),
            nn.Dropout(dropout),
        )

    def forward(self, query: Tensor, others: Tensor, bias: Tensor) -> Tensor:
        """What each query becomes; ``bias`` is added to the logits of the attention."""
        known = self.before(others)
        asked = self.query(self.before(query))
        key, value = self.both(known).chunk(2, dim=2)
        mixed = nn.functional.scaled_dot_product_attention(
            self._by_head(asked),
            self._by_head(key),
            self._by_head(value),
            attn_mask=bias.to(asked.dtype),
            dropout_p=self.dropout if self.training else 0.0,
        )
        found = query + self.output(self.after(mixed.transpose(1, 2).flatten(2)))
        result: Tensor = found + self.dense(found)
        return result

    def _by_head(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)


def pair_features(x: Tensor, there: Tensor) -> Tensor:
    """ln of distance, kt, momentum share and mass squared of pairs: (jets, 4, slots, slots).

    Massless constituents, pT in GeV; 0 for pairs that an empty slot is of.
    """
    with torch.no_grad(), torch.autocast(x.device.type, enabled=False):
        x = x.float()
        pt = (x[:, :, LOG_PT] - math.log(1e3)).exp() * there
        eta, phi = x[:, :, 0], x[:, :, 1]
        d_eta, d_phi = (item.unsqueeze(2) - item.unsqueeze(1) for item in (eta, phi))
        distance = (d_eta**2 + d_phi**2).sqrt()
        first, second = pt.unsqueeze(2), pt.unsqueeze(1)
        least = torch.minimum(first, second)
        mass = 2 * first * second * (torch.cosh(d_eta) - torch.cos(d_phi))
        share = least / (first + second).clamp(min=_LEAST)
        found = torch.stack([distance, least * distance, share, mass], dim=1)
        both = (there.unsqueeze(2) & there.unsqueeze(1)).unsqueeze(1)
        return found.clamp(min=_LEAST).log() * both
