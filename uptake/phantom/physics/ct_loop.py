"""Loops over a CT slice that numba compiles; import this module only where they run, since numba is slow to import."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from uptake.phantom.body.warp import compiled

_Floats = NDArray[np.float32]


@compiled("int64(int64, int64, boolean)", inlined=True)
def _source(at: int, size: int, reflect: bool) -> int:
    """The index that stands for one beyond either end: mirrored at the end's edge, or periodic."""
    if 0 <= at < size:
        return at
    if not reflect:
        return at % size
    at %= 2 * size
    return at if at < size else 2 * size - 1 - at


@compiled("void(float32[:,::1], float32[::1], boolean, float32[:,::1])")
def _correlate_down(image: _Floats, kernel: _Floats, reflect: bool, result: _Floats) -> None:
    height, width = image.shape
    reach = kernel.shape[0] // 2
    for y in range(height):
        row = result[y]
        for x in range(width):
            row[x] = np.float32(0)
        for tap in range(kernel.shape[0]):
            weight = kernel[tap]
            other = image[_source(y + tap - reach, height, reflect)]
            for x in range(width):
                row[x] += weight * other[x]


@compiled("void(float32[:,::1], float32[::1], boolean, float32[::1], float32[:,::1])")
def _correlate_across(image: _Floats, kernel: _Floats, reflect: bool, room: _Floats, result: _Floats) -> None:
    height, width = image.shape
    reach = kernel.shape[0] // 2
    for y in range(height):
        for x in range(-reach, width + reach):
            room[x + reach] = image[y, _source(x, width, reflect)]
        row = result[y]
        for x in range(width):
            row[x] = np.float32(0)
        for tap in range(kernel.shape[0]):
            weight = kernel[tap]
            moved = room[tap : tap + width]
            for x in range(width):
                row[x] += weight * moved[x]


@compiled("void(float32[:,::1], UniTuple(float32[::1], 2), boolean, float32[:,::1], float32[::1], float32[:,::1])")
def correlate(
    image: _Floats, kernels: tuple[_Floats, _Floats], reflect: bool, between: _Floats, room: _Floats, result: _Floats
) -> None:
    """Correlate an image ``(y, x)`` along y, then x, each with its kernel of odd length.

    Parameters
    ----------
    reflect
        Mirrored beyond its edges; otherwise periodic.
    between, room
        To work in: as large as the image, and as long as a row with the kernel's reach at both ends.
    result
        Written to; it may be the image.
    """
    _correlate_down(image, kernels[0], reflect, between)
    _correlate_across(between, kernels[1], reflect, room, result)


@compiled("void(float32[:,::1], float32[::1], float32[::1], float32[::1], float32[:,::1])")
def scale_noise(hu: _Floats, by_row: _Floats, by_column: _Floats, air: _Floats, noise: _Floats) -> None:
    """Give noise of variance 1 the sum of a row's and a column's variance, in place.

    ``air`` is below how many HU there is air, and how much of the deviation is left in it.
    """
    for y in range(hu.shape[0]):
        for x in range(hu.shape[1]):
            deviation = np.sqrt(by_row[y] + by_column[x])
            noise[y, x] *= deviation * air[1] if hu[y, x] < air[0] else deviation


@compiled("void(float32[:,::1], uint8[:,::1], float32[::1], float32[:,::1])")
def add_texture(texture: _Floats, numbers: NDArray[np.uint8], deviations: _Floats, noise: _Floats) -> None:
    """Add texture of variance 1 to the noise, with the deviation of each voxel's material."""
    for y in range(noise.shape[0]):
        for x in range(noise.shape[1]):
            noise[y, x] += texture[y, x] * deviations[numbers[y, x]]
