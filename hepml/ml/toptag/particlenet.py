"""ParticleNet: convolutions on the graph of nearest constituents (Qu, Gouskos, PRD 101 056019).

Imports torch: imported only by what makes a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from hepml.ml.toptag.networks import FEATURES, filled

__all__ = ["EdgeBlock", "ParticleNet"]

# Empty slots are moved there, so that they are nobody's neighbours while there are others.
FAR = 999.0


class ParticleNet(nn.Module):
    """Blocks of convolutions over neighbours, which the first block finds in (eta, phi).

    Parameters
    ----------
    widths : sequence of int
        Channels of the blocks.
    neighbours : int
        Of each constituent; at most as many as there are other slots.
    dense : int
        Units of the dense layer at the end.
    dropout : float
        Share of them that is left out in training.
    """

    def __init__(
        self,
        widths: Sequence[int] = (64, 224, 384),
        neighbours: int = 18,
        dense: int = 125,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(FEATURES, eps=1e-3, momentum=0.01)
        sizes = [FEATURES, *widths]
        self.blocks = nn.ModuleList(
            EdgeBlock(inputs, units, neighbours) for inputs, units in pairwise(sizes)
        )
        self.head = nn.Sequential(
            nn.Linear(sizes[-1], dense), nn.ReLU(), nn.Dropout(dropout), nn.Linear(dense, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits, shape (jets,)."""
        there = filled(x).unsqueeze(1)
        shift = FAR * (~there).to(x.dtype)
        found = self.norm(x.transpose(1, 2))
        points = x[:, :, :2].transpose(1, 2)
        for place, block in enumerate(self.blocks):
            found = block((points if place == 0 else found) + shift, found)
        # over all slots, as published
        mean = (found * there.to(found.dtype)).mean(dim=2)
        logit: Tensor = self.head(mean).squeeze(1)
        return logit


class EdgeBlock(nn.Module):
    """Three convolutions on each pair of neighbours, the largest of each constituent's, a shortcut.

    Parameters
    ----------
    inputs, units : int
        Channels.
    neighbours : int
        Of each constituent.
    """

    def __init__(self, inputs: int, units: int, neighbours: int) -> None:
        super().__init__()
        self.neighbours = neighbours
        parts: list[nn.Module] = []
        for size in (2 * inputs, units, units):
            parts += [
                nn.Conv2d(size, units, 1, bias=False),
                nn.BatchNorm2d(units, eps=1e-3, momentum=0.01),
                nn.ReLU(),
            ]
        self.edges = nn.Sequential(*parts)
        self.shortcut = nn.Sequential(
            nn.Conv1d(inputs, units, 1, bias=False),
            nn.BatchNorm1d(units, eps=1e-3, momentum=0.01),
        )

    def forward(self, points: Tensor, x: Tensor) -> Tensor:
        """New features (jets, units, slots) from points and features of that layout."""
        near = nearest(points, self.neighbours)
        jets, channels, slots = x.shape
        flat = near.reshape(jets, 1, -1).expand(-1, channels, -1)
        others = x.gather(2, flat).reshape(jets, channels, slots, -1)
        own = x.unsqueeze(3).expand_as(others)
        edges = self.edges(torch.cat([own, others - own], dim=1)).amax(dim=3)
        return torch.relu(edges + self.shortcut(x))


def nearest(points: Tensor, count: int) -> Tensor:
    """Places of the nearest other points, (jets, slots, count), of points (jets, axes, slots)."""
    with torch.no_grad():
        squares = (points * points).sum(dim=1)
        distance = squares.unsqueeze(2) + squares.unsqueeze(1) - 2 * points.transpose(1, 2) @ points
        slots = points.shape[2]
        # rounding must not make another point nearer than the point itself
        distance = distance + torch.diag(torch.full((slots,), -torch.inf, device=points.device))
        wanted = min(count, slots - 1) + 1
        return distance.topk(wanted, dim=2, largest=False).indices[:, :, 1:]
