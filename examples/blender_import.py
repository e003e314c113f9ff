"""Import results into Blender: people with hands and face, in metres, and the camera that saw them.

    blender --python examples/blender_import.py -- squats.npz
    blender --background --python examples/blender_import.py -- walk.glb --save walk.blend

It runs in Blender, or with its Python package `bpy`, and needs nothing else. A saved result (.npz, .json)
becomes, for each person, an armature with a bone at each of the 133 keypoints and a mesh of the lines between
them, which follows the bones; and a camera, from which the people look as they were filmed. .bvh and .glb go
through Blender's own importers, with the right scale and frame rate.

Blender's frame 1 is frame 0 of the video. Axes are Blender's: z up, and a person who faced the camera faces
-y. Where the result knows the ground, people stand on it at z = 0, and the camera is as tilted as the real
one was. Otherwise it is level and at the origin.
"""

import argparse
import json
import sys
from pathlib import Path

import bpy
import numpy as np
from bpy_extras import anim_utils
from mathutils import Matrix

METRES = 0.001  # in a millimetre
AXES = {
    "image right": (1, 0, 0),
    "image up": (0, -1, 0),
    "image down": (0, 1, 0),
    "away from the camera": (0, 0, 1),
    "towards the camera": (0, 0, -1),
}
"""What a result says of its axes, as directions from the camera: right, down, forward."""
LEVEL = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
"""Blender's axes = this @ right, down, forward of a camera that is held level."""
LEAST_LEVEL = 0.2
"""Of a camera that looks down or up more steeply, the top of the picture is forward."""
THICKNESS = {"body": 0.012, "feet": 0.008, "face": 0.002, "left_hand": 0.004, "right_hand": 0.004}
"""Radius of the lines in metres."""
SENSOR = 36.0  # mm
LINEAR = 1  # interpolation, as a number


def read(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """The header of a saved result, and its arrays with a row per person and image."""
    if path.suffix == ".npz":
        with np.load(path) as file:
            return json.loads(str(file["header"])), {name: file[name] for name in file if name != "header"}
    header = json.loads(path.read_text(encoding="utf-8"))
    people = header.pop("people")
    plural = {"image_id": "image_ids", "track_id": "track_ids"}
    rows = {plural.get(name, name): [person[name] for person in people] for name in people[0]}
    return header, {
        name: np.array(values, object if name == "keypoints" else None) for name, values in rows.items()
    }


def import_result(path: Path) -> list[bpy.types.Object]:
    """The armatures of the people of a saved result."""
    header, rows = read(path)
    if header["format"] != "wholebody-lift pose":
        raise ValueError(f"{path}: expected a result that wholebody-lift saved, got {header['format']}")
    turn, height = stand(header.get("ground"))
    places = (rows["xyz"] + rows["translation"][:, None]) * METRES  # (N, 133, 3)
    if header["frame"]["name"] != "world":
        axes = np.array([AXES[header["frame"][axis]] for axis in "xyz"])
        places = places @ axes @ turn.T + (0, 0, height)
    frames = rows["image_ids"].astype(int) + 1
    scene = bpy.context.scene
    set_rate(header["fps"])
    scene.frame_start, scene.frame_end = int(frames.min()), int(frames.max())
    armatures = []
    for name, chosen in people(rows):
        armature = points(name, header["skeleton"]["names"], places[chosen], frames[chosen])
        lines(armature, header["skeleton"], places[chosen][0])
        armatures.append(armature)
    if "image_size" in rows:
        camera(rows["K"][0], rows["image_size"][0], turn, height)
    return armatures


def stand(ground: dict | None) -> tuple[np.ndarray, float]:
    """How the camera stands: Blender's axes = (3, 3) @ right, down, forward; and metres above z = 0."""
    if ground is None:
        return LEVEL, 0.0
    up = -np.array(ground["down"])
    forward = np.array([0.0, 0.0, 1.0])
    if abs(up[2]) > np.sqrt(1 - LEAST_LEVEL**2):
        forward = np.array([0.0, np.sign(up[2]), 0.0])
    away = forward - (forward @ up) * up
    away /= np.linalg.norm(away)
    return np.stack([np.cross(away, up), away, up]), ground["camera_height_mm"] * METRES


def people(rows: dict[str, np.ndarray]) -> list[tuple[str, np.ndarray]]:
    """The name of each person, and their rows in the order of time."""
    ids = rows["image_ids"].astype(int)
    if "track_ids" in rows:
        who = rows["track_ids"].astype(int)
    elif len(np.unique(ids)) == len(ids):
        who = np.zeros(len(ids), int)
    elif len(np.unique(ids)) == 1:
        who = np.arange(len(ids))
    else:
        raise ValueError("expected people with track ids, got several per image without")
    found = []
    for number in np.unique(who):
        chosen = np.flatnonzero(who == number)
        found.append((f"Person {number}", chosen[np.argsort(ids[chosen], kind="stable")]))
    return found


def set_rate(fps: float | None) -> None:
    """Give the scene a frame rate, which may be one like 29.97."""
    if fps is not None:
        render = bpy.context.scene.render
        render.fps = max(1, round(fps))
        render.fps_base = render.fps / fps


def points(name: str, names: list[str], places: np.ndarray, frames: np.ndarray) -> bpy.types.Object:
    """An armature with a bone at each keypoint (T, K, 3) in each frame; it rests as in the first one."""
    armature = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    armature.data.display_type = "STICK"
    bpy.context.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for keypoint, rest in zip(names, places[0].tolist(), strict=True):
        bone = armature.data.edit_bones.new(keypoint)
        bone.head, bone.tail = (
            rest,
            (rest[0], rest[1] + 0.01, rest[2]),
        )  # along y, so its axes are the world's
    bpy.ops.object.mode_set(mode="OBJECT")
    curves = new_curves(armature)
    moved = places - places[0]
    for k, keypoint in enumerate(names):
        for axis in range(3):
            curve = curves.new(f'pose.bones["{keypoint}"].location', index=axis)
            curve.keyframe_points.add(len(frames))
            keys = np.stack([frames, moved[:, k, axis]], axis=1)
            curve.keyframe_points.foreach_set("co", keys.ravel())
            curve.keyframe_points.foreach_set("interpolation", [LINEAR] * len(frames))
            curve.update()
    return armature


def new_curves(thing: bpy.types.Object) -> bpy.types.bpy_prop_collection:
    """The curves of a new action of an object."""
    action = bpy.data.actions.new(thing.name)
    thing.animation_data_create().action = action
    if hasattr(action, "fcurves"):  # before Blender 5
        return action.fcurves
    slot = action.slots.new(id_type="OBJECT", name=thing.name)
    thing.animation_data.action_slot = slot
    return anim_utils.action_ensure_channelbag_for_slot(action, slot).fcurves


def lines(armature: bpy.types.Object, skeleton: dict, rest: np.ndarray) -> bpy.types.Object:
    """A mesh of the lines between keypoints, thick enough to render; each vertex follows its own bone."""
    mesh = bpy.data.meshes.new(f"{armature.name} lines")
    mesh.from_pydata(rest.tolist(), skeleton["edges"], [])
    thing = bpy.data.objects.new(mesh.name, mesh)
    bpy.context.collection.objects.link(thing)
    thing.parent = armature
    for vertex, keypoint in enumerate(skeleton["names"]):
        thing.vertex_groups.new(name=keypoint).add([vertex], 1.0, "REPLACE")
    thing.modifiers.new("follow the bones", "ARMATURE").object = armature
    thing.modifiers.new("thickness", "SKIN")
    for part, (start, stop) in skeleton["parts"].items():
        for vertex in mesh.skin_vertices[0].data[start:stop]:
            vertex.radius = (THICKNESS[part], THICKNESS[part])
    for name in ("nose", "left_eye", "right_eye", "left_ear", "right_ear"):
        vertex = mesh.skin_vertices[0].data[skeleton["names"].index(name)]
        vertex.radius = (THICKNESS["face"], THICKNESS["face"])
    return thing


def camera(K: np.ndarray, image_size: np.ndarray, turn: np.ndarray, above: float) -> bpy.types.Object:
    """The camera of the first image, `above` z = 0 in metres; lens distortion is left out."""
    width, height = (float(side) for side in image_size)
    (fx, _, cx), (_, fy, cy) = K[0], K[1]
    longer = max(width, height * fx / fy)
    lens = bpy.data.cameras.new("camera")
    lens.sensor_fit, lens.sensor_width = "AUTO", SENSOR
    lens.lens = fx * SENSOR / longer
    lens.shift_x = (width / 2 - cx) / longer
    lens.shift_y = (cy - height / 2) * (fx / fy) / longer
    thing = bpy.data.objects.new("camera", lens)
    thing.rotation_euler = Matrix((turn @ np.diag([1, -1, -1])).tolist()).to_euler()  # it looks along its -z
    thing.location = (0, 0, above)
    bpy.context.collection.objects.link(thing)
    scene = bpy.context.scene
    scene.camera = thing
    scene.render.resolution_x, scene.render.resolution_y = round(width), round(height)
    scene.render.pixel_aspect_x = max(1.0, fy / fx)  # of pixels that are not square
    scene.render.pixel_aspect_y = max(1.0, fx / fy)
    return thing


def import_bvh(path: Path) -> list[bpy.types.Object]:
    """The armature of a .bvh, which is in centimetres."""
    bpy.ops.import_anim.bvh(
        filepath=str(path), global_scale=0.01, update_scene_fps=True, update_scene_duration=True
    )
    return [bpy.context.object]


def import_glb(path: Path) -> list[bpy.types.Object]:
    """The armatures of a .glb, at the rate of its keys, which Blender takes from the scene."""
    content = path.read_bytes()
    document = json.loads(content[20 : 20 + int.from_bytes(content[12:16], "little")])
    for animation in document.get("animations", [])[:1]:
        keys = document["accessors"][animation["samplers"][0]["input"]]
        if keys["count"] > 1:
            set_rate((keys["count"] - 1) / (keys["max"][0] - keys["min"][0]))
    before = set(bpy.data.objects)
    bpy.ops.import_scene.gltf(filepath=str(path))
    return [thing for thing in bpy.data.objects if thing not in before and thing.type == "ARMATURE"]


IMPORTERS = {".npz": import_result, ".json": import_result, ".bvh": import_bvh, ".glb": import_glb}


def main() -> None:
    parser = argparse.ArgumentParser(prog="blender_import.py", description="Import results into Blender")
    parser.add_argument("file", type=Path, nargs="+", help=", ".join(IMPORTERS))
    parser.add_argument("--save", type=Path, metavar="BLEND", help="save the scene as this .blend")
    words = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    arguments = parser.parse_args(words)
    for path in arguments.file:
        if path.suffix not in IMPORTERS:
            parser.error(f"expected a file that ends in {', '.join(IMPORTERS)}, got {path}")
        print(f"{path}: {', '.join(thing.name for thing in IMPORTERS[path.suffix](path))}")
    if arguments.save is not None:
        bpy.ops.wm.save_as_mainfile(filepath=str(arguments.save.resolve()))


if __name__ == "__main__":
    main()
