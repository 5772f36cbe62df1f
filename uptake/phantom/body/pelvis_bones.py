"""The hip bones with their joints: ilium, ischium and pubis."""

from __future__ import annotations

from uptake.phantom.body.bone import Piece, bone_parts, other_side, plate
from uptake.phantom.body.build import Build
from uptake.phantom.body.mirror import chain, mirrored
from uptake.phantom.body.parts import Ellipsoid, Part, Shape, Tube

HIP_JOINT_MM = (88.0, 5.0, 65.0)


def pelvis_parts(build: Build) -> tuple[Part, ...]:
    """Both hip bones, then the cartilage of the hip joints, the sacroiliac joints and the symphysis."""
    left = hip_bone_pieces(build.vary("hip_bone", 0.03))
    joints: list[Shape] = [
        Ellipsoid(HIP_JOINT_MM, (27.0, 27.0, 27.0)),
        # Between the wings of the sacrum and the ilium.
        plate((51.0, 66.0, 193.0), (-0.25, 1.0, -0.2), (0.12, 0.0, 1.0), (16.0, 1.8, 22.0)),
    ]
    joints.extend([mirrored(shape) for shape in joints])
    joints.append(Ellipsoid((0.0, -76.0, 43.0), (4.0, 9.0, 17.0)))
    return (
        *bone_parts("hip_bone_left", left),
        *bone_parts("hip_bone_right", other_side(left)),
        *(Part(shape, "body", "cartilage") for shape in joints),
    )


def hip_bone_pieces(thickness: float = 1.0) -> tuple[Piece, ...]:
    """The left hip bone: a bowed wing with a thick crest, the socket's block and the ring round the obturator hole."""
    t = thickness
    crest = chain(
        (
            (44.0, 84.0, 165.0),  # posterior superior spine
            (52.0, 78.0, 195.0),
            (76.0, 52.0, 217.0),
            (106.0, 15.0, 225.0),
            (125.0, -18.0, 216.0),
            (127.0, -42.0, 196.0),
            (120.0, -53.0, 178.0),  # anterior superior spine
        ),
        tuple(r * t for r in (8.5, 8.5, 7.0, 6.0, 6.5, 7.0, 6.5)),
    )
    front = chain(((120.0, -53.0, 178.0), (108.0, -42.0, 140.0), (94.0, -22.0, 100.0)), (6.0 * t, 7.5 * t, 13.0 * t))
    wing = (
        # Front and back halves meet at an angle: the iliac fossa is hollow on the inside.
        plate((106.0, -13.0, 165.0), (0.35, -1.0, -0.15), (0.36, 0.05, 1.0), (46.0, 4.6 * t, 64.0), 3.2),
        plate((77.0, 40.0, 165.0), (0.70, -1.0, 0.0), (0.30, 0.05, 1.0), (47.0, 6.0 * t, 57.0), 3.2),
    )
    pillar = Tube((60.0, 62.0, 172.0), (80.0, 14.0, 105.0), 8.0 * t, 15.0 * t)
    socket = Ellipsoid((80.0, 4.0, 73.0), (24.0 * t, 32.0 * t, 33.0 * t))
    ischium = chain(((78.0, 26.0, 62.0), (70.0, 36.0, 30.0), (60.0, 32.0, 4.0)), (15.0 * t, 13.0 * t, 14.0 * t))
    lower_ramus = chain(((60.0, 28.0, 2.0), (44.0, -20.0, 6.0), (14.0, -72.0, 32.0)), (9.0 * t, 6.5 * t, 8.0 * t))
    upper_ramus = chain(((74.0, -20.0, 68.0), (48.0, -58.0, 66.0), (15.0, -77.0, 52.0)), (13.0 * t, 8.0 * t, 9.5 * t))
    symphysis = Ellipsoid((12.0, -76.0, 43.0), (8.5, 8.0, 19.0), 2.4)
    return (
        *(Piece(tube, 1.2) for tube in (*crest, *front)),
        *(Piece(shape, 1.3) for shape in wing),
        Piece(pillar, 1.4),
        Piece(socket, 1.6),
        *(Piece(tube, 1.5) for tube in (*ischium, *lower_ramus, *upper_ramus)),
        Piece(symphysis, 1.2),
    )
