"""Import a BVH and a glTF file into Blender and render both: docs/assets/tools-blender.png.

With Blender, or with its Python package `bpy` in the place of `blender --background --python`:

    wholebody-lift lift examples/data/squats.json --fps 5 -o squats.bvh -o squats.glb
    blender --background --python docs/figures/tools_blender.py -- squats.bvh squats.glb [OUT]
    python docs/figures/tools.py  # draws the other pictures and makes this one smaller

Nothing else of this project is needed for it, so that it also shows that the files stand by themselves.
"""

import math
import sys
from pathlib import Path

import bpy
from mathutils import Matrix, Vector

OUT = Path(__file__).resolve().parents[1] / "assets" / "tools-blender.png"
FPS = 5  # of the clip
MOMENTS = (0, 3, 6)  # frames of it: standing, going down, down
SPACING = 0.95  # metres between two figures
COLOURS = {"BVH": (0.80, 0.28, 0.06, 1), "glTF": (0.10, 0.33, 0.68, 1)}
FLOOR, LINES = (0.80, 0.83, 0.87, 1), (0.52, 0.57, 0.64, 1)
SQUARE = ((1, 0), (0, 1), (-1, 0), (0, -1))  # around a bone
SIZE = (1080, 432)
SAMPLES = 32  # and the denoiser


def import_bvh(path: Path) -> bpy.types.Object:
    """The armature of a BVH file, whose unit is the centimetre."""
    bpy.ops.import_anim.bvh(filepath=str(path), global_scale=0.01, update_scene_fps=True)
    return bpy.context.object


def import_gltf(path: Path) -> tuple[bpy.types.Object, bpy.types.Object]:
    """The armature and the mesh of a glTF file."""
    before = set(bpy.data.objects)
    bpy.ops.import_scene.gltf(filepath=str(path))
    new = [thing for thing in bpy.data.objects if thing not in before]
    (armature,) = (thing for thing in new if thing.type == "ARMATURE")
    (mesh,) = (thing for thing in new if thing.parent == armature)
    return armature, mesh


def octahedra(armature: bpy.types.Object) -> bpy.types.Mesh:
    """The bones of an armature as they are now, in the form in which Blender's window shows them."""
    vertices, faces = [], []
    for bone in armature.pose.bones:
        length, width = bone.length, 0.08 * bone.length
        corners = [(0, 0, 0), *((x * width, 0.15 * length, z * width) for x, z in SQUARE), (0, length, 0)]
        first = len(vertices)
        vertices += [armature.matrix_world @ bone.matrix @ Vector(corner) for corner in corners]
        for side in range(1, 5):
            after = side % 4 + 1
            faces += [(first, first + side, first + after), (first + 5, first + after, first + side)]
    mesh = bpy.data.meshes.new("bones")
    mesh.from_pydata(vertices, [], faces)
    return mesh


def snapshot(thing: bpy.types.Object) -> bpy.types.Mesh:
    """A mesh as its armature bends it now, in the axes of the world."""
    evaluated = thing.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = bpy.data.meshes.new_from_object(evaluated)
    mesh.transform(thing.matrix_world)
    return mesh


def material(name: str, colour: tuple[float, ...]) -> bpy.types.Material:
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    surface = made.node_tree.nodes["Principled BSDF"]
    surface.inputs["Base Color"].default_value = colour
    surface.inputs["Roughness"].default_value = 0.6
    return made


def place(mesh: bpy.types.Mesh, x: float, surface: bpy.types.Material) -> None:
    """Show a mesh at a place on the floor, its feet on the ground of the file."""
    mesh.materials.clear()
    mesh.materials.append(surface)
    thing = bpy.data.objects.new("figure", mesh)
    thing.location = (x, 0, 0)
    bpy.context.collection.objects.link(thing)


def write(text: str, x: float, surface: bpy.types.Material) -> None:
    """Letters on the floor in front of the figures."""
    curve = bpy.data.curves.new("text", "FONT")
    curve.body, curve.size, curve.align_x = text, 0.2, "CENTER"
    curve.materials.append(surface)
    thing = bpy.data.objects.new("text", curve)
    thing.location = (x, -0.75, 0.004)
    bpy.context.collection.objects.link(thing)


def lay_floor() -> None:
    """A plane, and lines on it half a metre apart."""
    bpy.ops.mesh.primitive_plane_add(size=60)
    bpy.context.object.data.materials.append(material("floor", FLOOR))
    lines = material("lines", LINES)
    for number in range(-30, 31):
        for across in (True, False):
            bpy.ops.mesh.primitive_plane_add(size=1)
            line = bpy.context.object
            line.scale = (30, 0.004, 1) if across else (0.004, 30, 1)
            line.location = (0, number / 2, 0.002) if across else (number / 2, 0, 0.002)
            line.data.materials.append(lines)


def light_and_camera(x: float) -> None:
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle = 2.1, math.radians(9)
    lamp = bpy.data.objects.new("sun", sun)
    lamp.rotation_euler = (math.radians(42), math.radians(8), math.radians(28))
    world = bpy.data.worlds.new("world")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.95, 0.97, 1, 1)
    world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.38
    bpy.context.scene.world = world
    view = bpy.data.cameras.new("camera")
    view.lens = 50
    camera = bpy.data.objects.new("camera", view)
    eye, target = Vector((x, -8.2, 3.9)), Vector((x, 0, 0.66))
    turn = (target - eye).to_track_quat("-Z", "Y")
    camera.matrix_world = Matrix.Translation(eye) @ turn.to_matrix().to_4x4()
    for thing in (lamp, camera):
        bpy.context.collection.objects.link(thing)
    bpy.context.scene.camera = camera


def main() -> None:
    arguments = sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]
    bvh, gltf = map(Path, arguments[:2])
    out = Path(arguments[2]) if len(arguments) > 2 else OUT
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps = FPS
    bones = import_bvh(bvh)
    armature, mesh = import_gltf(gltf)
    surfaces = {name: material(name, colour) for name, colour in COLOURS.items()}

    starts = {"BVH": 0.0, "glTF": SPACING * len(MOMENTS) + 0.25}
    apart = 0.0
    for column, moment in enumerate(MOMENTS):
        scene.frame_set(moment + 1)  # a BVH begins at frame 1
        place(octahedra(bones), starts["BVH"] + SPACING * column, surfaces["BVH"])
        heads = {bone.name: bones.matrix_world @ bone.head for bone in bones.pose.bones}
        scene.frame_set(moment)  # and glTF at second 0
        place(snapshot(mesh), starts["glTF"] + SPACING * column, surfaces["glTF"])
        for bone in armature.pose.bones:
            apart = max(apart, (armature.matrix_world @ bone.head - heads[bone.name]).length)
    print(f"{len(bones.pose.bones)} bones, BVH and glTF at most {1000 * apart:.3f} mm apart")
    for thing in list(bpy.data.objects):
        if not thing.name.startswith("figure"):
            bpy.data.objects.remove(thing)

    middle = (starts["glTF"] + SPACING * (len(MOMENTS) - 1)) / 2
    for name, start in starts.items():
        write(name, start + SPACING * (len(MOMENTS) - 1) / 2, surfaces[name])
    lay_floor()
    light_and_camera(middle)
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", SAMPLES, True
    scene.view_settings.view_transform = "Standard"
    scene.render.dither_intensity = 0  # a flat floor makes a small file
    scene.render.resolution_x, scene.render.resolution_y = SIZE
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGB"
    scene.render.image_settings.compression = 100
    scene.render.filepath = str(out.resolve())
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    main()
