#!/usr/bin/env python3
"""Makes ExecuTorch programs for Ethos-U: NAME.pte, its inputs NAME.in0.bin ... (float32, as the program takes them), what the
quantised model computes NAME.want0.bin (float32), the step of its last quantisation NAME.step, the .ptd files where data
stand outside, and Vela's own raw output of each delegate, NAME.0.npz ... in the order of the delegates' data.

usage: executorch_programs.py DIR [NAME...]    in a virtual environment with requirements-executorch.txt
"""
import pathlib
import shutil
import sys

import executorch.backends.arm.ethosu.backend as npu_backend
import torch
import torchvision
from executorch.backends.arm.ethosu import EthosUCompileSpec, EthosUPartitioner
from executorch.backends.arm.ethosu.compile_spec import VelaExternalBlockPlacements
from executorch.backends.arm.quantizer import (EthosUQuantizer, get_symmetric_a16w8_quantization_config,
                                               get_symmetric_quantization_config)
from executorch.exir import EdgeCompileConfig, ExecutorchBackendConfig, to_edge_transform_and_lower
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

nn = torch.nn


class Residual(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 16, 3, padding=1)
        self.body = nn.Sequential(nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1))
        self.last = nn.Linear(16, 10)

    def forward(self, x):
        x = self.first(x).relu()
        x = (x + self.body(x)).relu()
        return self.last(x.mean(dim=(2, 3)))


class Attention(nn.Module):
    """One head of self-attention between linear layers."""

    def __init__(self, width=32):
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Linear(width, width)

    def forward(self, x):
        scores = self.query(x) @ self.key(x).transpose(1, 2) / 32**0.5
        return self.out(torch.softmax(scores, dim=-1) @ self.value(x)) + x


class InvertedResidual(nn.Module):
    """Expansion, depthwise and projection with a shortcut, behind a strided stem: MobileNet's block."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.BatchNorm2d(16), nn.Hardswish())
        self.block = nn.Sequential(nn.Conv2d(16, 48, 1), nn.BatchNorm2d(48), nn.ReLU6(),
                                   nn.Conv2d(48, 48, 5, padding=2, groups=48), nn.BatchNorm2d(48), nn.ReLU6(),
                                   nn.Conv2d(48, 16, 1), nn.BatchNorm2d(16))

    def forward(self, x):
        x = self.stem(x)
        return x + self.block(x)


class Unet(nn.Module):
    """Pools down, comes back by nearest neighbours, and concatenates with what it had before."""

    def __init__(self):
        super().__init__()
        self.down, self.middle = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
        self.out = nn.Conv2d(24, 4, 1)

    def forward(self, x):
        before = self.down(x).relu()
        deep = self.middle(nn.functional.max_pool2d(before, 2)).relu()
        return self.out(torch.cat([before, nn.functional.interpolate(deep, scale_factor=2.0)], dim=1))


class Temporal(nn.Module):
    """Dilated convolutions over time, with tables of tanh and sigmoid for a gate."""

    def __init__(self):
        super().__init__()
        self.value, self.gate = (nn.Conv1d(20, 32, 3, padding=2, dilation=2) for _ in range(2))
        self.out = nn.Linear(32, 12)

    def forward(self, x):
        return self.out((torch.tanh(self.value(x)) * torch.sigmoid(self.gate(x))).mean(dim=2))


class TwoInputs(nn.Module):
    """Features of two pictures, compared."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU())
        self.out = nn.Linear(8, 2)

    def forward(self, x, y):
        return self.out((self.features(x) - self.features(y)).mean(dim=(2, 3)))


class SortedBetween(nn.Module):
    """A sort stays on the CPU, and what comes before it is used again behind it."""

    def __init__(self):
        super().__init__()
        self.before, self.after = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 1)

    def forward(self, x):
        x = self.before(x).relu()
        return self.after(torch.sort(x, dim=2, descending=True)[0]) + x


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 32), nn.Sigmoid())

    def forward(self, x):
        return self.layers(x)


def image(*shape):
    return (torch.randn(1, *shape),)


EVERYTHING_OUTSIDE = VelaExternalBlockPlacements(cmd_data="commands", weight_data="weights")
PROGRAMS = {
    # name: model, example, target, options
    "residual_u65-256": (Residual, lambda: image(3, 32, 32), "ethos-u65-256", {}),
    "residual_u65-512": (Residual, lambda: image(3, 32, 32), "ethos-u65-512", {}),
    "residual_u55-64": (Residual, lambda: image(3, 32, 32), "ethos-u55-64", {}),
    "attention_u65-256": (Attention, lambda: (torch.randn(1, 24, 32),), "ethos-u65-256", {}),
    "attention_u55-256": (Attention, lambda: (torch.randn(1, 24, 32),), "ethos-u55-256", {}),
    "sorted_u65-256": (SortedBetween, lambda: image(3, 16, 16), "ethos-u65-256", {}),
    "mlp_u55-32": (Mlp, lambda: (torch.randn(1, 64),), "ethos-u55-32", {}),
    "mlp_segment_u65-256": (Mlp, lambda: (torch.randn(1, 64),), "ethos-u65-256", {"segments": True}),
    "residual_ptd_u65-256": (Residual, lambda: image(3, 32, 32), "ethos-u65-256",
                             {"external": EVERYTHING_OUTSIDE}),
    "weights_ptd_u55-128": (InvertedResidual, lambda: image(3, 48, 48), "ethos-u55-128",
                            {"external": VelaExternalBlockPlacements(weight_data="weights")}),
    "attention_ptd_u65-256": (Attention, lambda: (torch.randn(1, 24, 32),), "ethos-u65-256",
                              {"external": EVERYTHING_OUTSIDE}),
    "channels_last_u65-256": (Residual, lambda: (torch.randn(1, 3, 32, 32).to(memory_format=torch.channels_last),),
                              "ethos-u65-256", {}),
    "inverted_u65-256": (InvertedResidual, lambda: image(3, 48, 48), "ethos-u65-256", {}),
    "unet_u65-256": (Unet, lambda: image(3, 32, 32), "ethos-u65-256", {}),
    "unet_u55-128": (Unet, lambda: image(3, 32, 32), "ethos-u55-128", {}),
    "temporal_u65-256": (Temporal, lambda: (torch.randn(1, 20, 50),), "ethos-u65-256", {}),
    "two_inputs_u65-256": (TwoInputs, lambda: image(3, 24, 24) + image(3, 24, 24), "ethos-u65-256", {}),
    "residual_int16_u65-256": (Residual, lambda: image(3, 32, 32), "ethos-u65-256", {"activations": 16}),
    "mlp_int16_u55-128": (Mlp, lambda: (torch.randn(1, 64),), "ethos-u55-128", {"activations": 16}),
    "mobilenet_v2_small_u65-256": (lambda: torchvision.models.mobilenet_v2(weights=None, width_mult=0.35),
                                   lambda: image(3, 96, 96), "ethos-u65-256", {}),
}


def keep_raw_outputs(artifacts, stem, compile_with_vela=npu_backend.vela_compile):
    """Copies what Vela wrote for each delegate before the next one takes its place."""
    made = []

    def compile_and_keep(*args, **kwargs):
        result = compile_with_vela(*args, **kwargs)
        shutil.copy(artifacts / "output" / "out_vela.npz", f"{stem}.{len(made)}.npz")
        made.append(stem)
        return result

    npu_backend.vela_compile = compile_and_keep


def export(folder, name):
    make, example, target, options = PROGRAMS[name]
    torch.manual_seed(1)
    model, inputs = make().eval(), example()
    spec = EthosUCompileSpec(target, external_block_placements=options.get("external"))
    artifacts = folder / f"{name}.artifacts"
    artifacts.mkdir(exist_ok=True)
    spec.dump_intermediate_artifacts_to(str(artifacts))
    keep_raw_outputs(artifacts, folder / name)
    quantizer = EthosUQuantizer(spec)
    wide = options.get("activations") == 16
    quantizer.set_global(get_symmetric_a16w8_quantization_config() if wide else get_symmetric_quantization_config())
    prepared = prepare_pt2e(torch.export.export(model, inputs, strict=True).module(check_guards=False), quantizer)
    for _ in range(4):
        prepared(*[torch.randn_like(each) for each in inputs])
    prepared(*inputs)
    quantised = convert_pt2e(prepared)
    edge = to_edge_transform_and_lower(torch.export.export(quantised, inputs, strict=True),
                                       partitioner=[EthosUPartitioner(spec)],
                                       compile_config=EdgeCompileConfig(_check_ir_validity=False))
    program = edge.to_executorch(
        config=ExecutorchBackendConfig(extract_delegate_segments=options.get("segments", False)))
    (folder / f"{name}.pte").write_bytes(program.buffer)
    data = folder / f"{name}.data"
    data.mkdir(exist_ok=True)
    program.write_tensor_data_to_file(str(data))
    for i, tensor in enumerate(inputs):
        memory = tensor.permute(0, 2, 3, 1).contiguous() if name.startswith("channels_last") else tensor
        memory.numpy().tofile(folder / f"{name}.in{i}.bin")
    with torch.no_grad():
        quantised(*inputs).numpy().tofile(folder / f"{name}.want0.bin")
    steps = [node.args[1] for node in quantised.graph.nodes if "dequantize_per_tensor" in str(node.target)]
    (folder / f"{name}.step").write_text(str(steps[-1]))


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or PROGRAMS:
        print(name, flush=True)
        export(folder, name)
