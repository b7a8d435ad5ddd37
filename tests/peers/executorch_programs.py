#!/usr/bin/env python3
"""Makes ExecuTorch programs for Ethos-U: NAME.pte, its input NAME.in0.bin (float32, as the program takes it), what the
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
from executorch.backends.arm.quantizer import EthosUQuantizer, get_symmetric_quantization_config
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
                             {"external": VelaExternalBlockPlacements(cmd_data="commands", weight_data="weights")}),
    "channels_last_u65-256": (Residual, lambda: (torch.randn(1, 3, 32, 32).to(memory_format=torch.channels_last),),
                              "ethos-u65-256", {}),
    "mobilenet_v2_u65-256": (lambda: torchvision.models.mobilenet_v2(weights=None), lambda: image(3, 96, 96),
                             "ethos-u65-256", {}),
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
    quantizer.set_global(get_symmetric_quantization_config())
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
    memory = inputs[0].permute(0, 2, 3, 1).contiguous() if name.startswith("channels_last") else inputs[0]
    memory.numpy().tofile(folder / f"{name}.in0.bin")
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
