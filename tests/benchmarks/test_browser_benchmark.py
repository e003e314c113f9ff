"""The sizes of the page for browsers: every file counts once, compressed or not."""

from pathlib import Path

from benchmarks import browser


def test_every_file_counts_once(tmp_path: Path) -> None:
    for name, size in {
        "app.js": 10,
        "weights/model.onnx": 20,
        "mediapipe/holistic.js": 30,
        "mediapipe/hand.tflite": 40,
        "mediapipe/holistic.data": 50,
        "onnxruntime/wasm/ort.mjs": 60,
        "onnxruntime/webgpu/ort.mjs": 70,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    assert {group: whole for group, (whole, _) in browser.sizes(tmp_path).items()} == {
        "page and viewer": 10,
        "tiny weights": 20,
        "MediaPipe Holistic, code": 30,
        "MediaPipe Holistic, models": 90,
        "ONNX Runtime for WebAssembly": 60,
        "ONNX Runtime for WebGPU": 70,
    }
