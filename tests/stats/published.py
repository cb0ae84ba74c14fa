"""Published spectra of the Upsilon study (CMS Open Data, CC0) and what a fit finds in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hepml.windows import WINDOWS

__all__ = ["FOUND", "OS_ANTI_ISOLATED", "OS_PRE_ISOLATION", "SS_ANTI_ISOLATED", "masses_of"]


def _counts(text: str) -> NDArray[np.float64]:
    return np.array(text.split(), dtype=np.float64)


# 75 bins from 5.0727 to 15.9818 GeV: 27 left sideband, 11 signal region, 37 right sideband
OS_ANTI_ISOLATED = _counts(
    """
    334 315 320 338 299 304 280 281 312 261 272 245 273 221 265 231 209 208 237 202 215 192 171 195
    191 183 162 164 175 170 173 142 134 165 161 147 139 122 120 130 115 130 100 108 105 121 116 98
    127 88 106 105 91 99 101 93 98 98 102 101 98 100 72 92 108 102 87 75 92 81 97 97 73 91 86
    """
)
SS_ANTI_ISOLATED = _counts(
    """
    210 191 185 170 177 146 178 151 150 157 147 136 149 124 139 136 114 130 122 115 111 113 111 108
    93 109 94 105 98 91 92 96 91 101 83 72 88 72 66 72 84 73 65 71 78 67 72 61 74 74 74 91 75 73 63
    54 53 54 58 60 53 63 49 39 55 62 49 59 49 49 68 45 58 51 46
    """
)
OS_PRE_ISOLATION = _counts(
    """
    516 483 517 519 474 499 434 468 486 481 448 422 443 430 442 417 371 377 406 392 441 358 367 384
    399 357 357 381 488 921 982 480 446 674 660 582 562 366 291 284 295 298 276 281 255 293 290 276
    295 253 261 258 280 251 259 250 259 243 269 257 253 228 211 249 284 252 250 238 234 215 234 236
    225 224 262
    """
)

# sample, degree: S, B, sigma_B, Z, deviance of the sidebands
FOUND = {
    ("OS", 5): (97.16, 1594.84, 44.93, 1.5956, 58.74),
    ("OS", 7): (83.05, 1608.95, 59.77, 1.1422, 58.55),
    ("SS", 5): (24.74, 964.26, 34.96, 0.5263, 53.52),
    ("pre-iso", 5): (2956.00, 3586.00, 65.35, 28.9216, 63.87),
}


def masses_of(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """One event at its bin's centre for each count."""
    edges = np.asarray(WINDOWS["upsilon"].binning(11).edges)
    return np.repeat(0.5 * (edges[1:] + edges[:-1]), counts.astype(np.int64))
