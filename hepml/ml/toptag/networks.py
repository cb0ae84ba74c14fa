"""Networks of dense layers: on high-level quantities, on all constituents, and deep sets.

Imports torch: imported only by what makes a network.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from hepml.ml.toptag.presets import NetworkPlan

__all__ = ["DeepSets", "Dense", "count_parameters", "filled", "make_network", "penalised"]

FEATURES = 7
LOG_PT, LOG_PT_FRACTION = 2, 4
HIGH_LEVEL = 15
_FAST = 0.1  # momentum of means over hundreds of steps, not thousands


def make_network(plan: NetworkPlan, high_level: int = HIGH_LEVEL) -> nn.Module:
    """The untrained network of a plan: inputs to one logit a jet.

    Weights are drawn from torch's generator.

    Parameters
    ----------
    plan : NetworkPlan
        Kind and widths.
    high_level : int
        Number of high-level quantities.
    """
    options = dict(plan.options)
    if plan.model == "hldnn":
        return Dense(high_level, **options)
    if plan.model == "dnn":
        return Dense(plan.slots * FEATURES, batch_norm=True, **options)
    if plan.model == "efn":
        return DeepSets(2, weighted=True, **options)
    if plan.model == "pfn":
        return DeepSets(FEATURES, **options)
    if plan.model == "particlenet":
        from hepml.ml.toptag.particlenet import ParticleNet

        return ParticleNet(**options)
    from hepml.ml.toptag.transformer import ParticleTransformer

    return ParticleTransformer(**options)


def count_parameters(module: nn.Module) -> int:
    """Numbers of a network as Keras counts them: with the moving means of normalisations."""
    found = sum(item.numel() for item in module.parameters())
    moving = ("running_mean", "running_var")
    return found + sum(
        item.numel() for name, item in module.named_buffers() if name.rpartition(".")[2] in moving
    )


def penalised(module: nn.Module) -> list[Tensor]:
    """Weights of dense layers, without their biases: what an L1 penalty is on."""
    return [item.weight for item in module.modules() if isinstance(item, nn.Linear)]


def filled(x: Tensor) -> Tensor:
    """Slots that hold a constituent: those whose features are not all 0; (jets, slots)."""
    return (x != 0).any(dim=2)


class Dense(nn.Module):
    """Dense layers with rectifiers.

    Parameters
    ----------
    inputs : int
        Numbers of a jet; those of further axes are laid out in a row.
    hidden : sequence of int
        Units of the layers.
    batch_norm : bool
        Normalise before each rectifier.
    normalise_inputs : bool
        Normalise the inputs, too.
    """

    def __init__(
        self,
        inputs: int,
        hidden: Sequence[int],
        *,
        batch_norm: bool = False,
        normalise_inputs: bool = False,
    ) -> None:
        super().__init__()
        parts: list[nn.Module] = [_norm(inputs)] if normalise_inputs else []
        for units in hidden:
            parts.append(_linear(inputs, units))
            parts += [_norm(units)] if batch_norm else []
            parts.append(nn.ReLU())
            inputs = units
        self.layers = nn.Sequential(*parts, _linear(inputs, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Logits, shape (jets,)."""
        found: Tensor = self.layers(x.flatten(1)).squeeze(1)
        return found


class DeepSets(nn.Module):
    """Energy- and particle-flow networks (Komiske, Metodiev, Thaler, JHEP 01 (2019) 121).

    The function of a constituent is computed for filled slots only: what is padded costs nothing.

    Parameters
    ----------
    inputs : int
        Features of a constituent that the network of constituents sees, the first ones.
    phi, f : sequence of int
        Units of the layers before and after the sum over constituents.
    latent_dropout, dropout : float
        Share of the summed and of the later units that are left out in training.
    weighted : bool
        Energy flow: constituents are weighted by a function of their pT.
    fraction : bool
        That function is the share of the pT; else ln(pT / MeV), as published.
    normalise : bool
        Normalise the features of filled slots, and what is summed; the published ones do not.
    """

    def __init__(
        self,
        inputs: int,
        phi: Sequence[int],
        f: Sequence[int],
        *,
        latent_dropout: float = 0.0,
        dropout: float = 0.0,
        weighted: bool = False,
        fraction: bool = False,
        normalise: bool = False,
    ) -> None:
        super().__init__()
        self.inputs, self.weighted, self.fraction = inputs, weighted, fraction
        # computes padded slots as well: for tracing, which needs fixed shapes
        self.padded = False
        first = [_norm(inputs, _FAST)] if normalise else []
        self.phi = nn.Sequential(*first, *_rectified(inputs, phi))
        self.latent: nn.Module = nn.Dropout(latent_dropout)
        if normalise:
            self.latent = nn.Sequential(_norm(phi[-1], _FAST), self.latent)
        self.f = nn.Sequential(*_rectified(phi[-1], f, dropout), _linear(f[-1], 1, normal=True))

    def forward(self, x: Tensor) -> Tensor:
        """Logits, shape (jets,)."""
        there = filled(x)
        if self.padded:
            slots = x[:, :, : self.inputs]
            each = self.phi(slots.flatten(0, 1)).unflatten(0, slots.shape[:2])
            weight = self._weight(x) * there if self.weighted else there.to(each.dtype)
            summed = (each * weight.unsqueeze(2)).sum(dim=1)
        else:
            rows = x[there]
            jet = there.nonzero()[:, 0]
            each = self.phi(rows[:, : self.inputs])
            if self.weighted:
                each = each * self._weight(rows).unsqueeze(1)
            summed = each.new_zeros(len(x), each.shape[1]).index_add(0, jet, each)
        found: Tensor = self.f(self.latent(summed)).squeeze(1)
        return found

    def _weight(self, x: Tensor) -> Tensor:
        return x[..., LOG_PT_FRACTION].exp() if self.fraction else x[..., LOG_PT]


def _rectified(inputs: int, hidden: Sequence[int], dropout: float = 0.0) -> list[nn.Module]:
    parts: list[nn.Module] = []
    for units in hidden:
        parts += [_linear(inputs, units, normal=True), nn.ReLU()]
        parts += [nn.Dropout(dropout)] if dropout else []
        inputs = units
    return parts


def _linear(inputs: int, units: int, *, normal: bool = False) -> nn.Linear:
    """A layer that begins as those of Keras: Glorot, and no bias."""
    layer = nn.Linear(inputs, units)
    (nn.init.xavier_normal_ if normal else nn.init.xavier_uniform_)(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _norm(units: int, momentum: float = 0.01) -> nn.Module:
    """Normalisation with the constants of Keras; a small training needs a larger momentum."""
    return nn.BatchNorm1d(units, eps=1e-3, momentum=momentum)
