"""Targets: the hardware's numbers."""
from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Dict, List, Tuple, Union

from ._native import Handle, Reply, call, text_of

PathLike = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True)
class TargetField:
    """What a field of a target is called, means, and where its default comes from."""

    key: str
    """Dotted, as in YAML and Target.set()."""
    unit: str
    """"cycles", "bytes", "B/cycle", "Hz", "" ..."""
    summary: str
    source: str
    range: str
    value: str
    """Of the target asked, as Target.set() takes it."""


class Target:
    """A piece of hardware: accelerator, clock, and the memories behind its two ports.

    Made by preset(), from_yaml(), from_yaml_text() or from_vela_config(). Equal targets compare
    equal; they can be pickled.
    """

    __slots__ = ("_handle", "_facts")
    _handle: Handle
    _facts: Dict[str, Any]
    __hash__ = None  # type: ignore[assignment]

    def __init__(self) -> None:
        raise TypeError("a Target is made by Target.preset() or Target.from_yaml()")

    @classmethod
    def _of(cls, reply: Reply) -> Target:
        target = cls.__new__(cls)
        target._take(reply)
        return target

    def _take(self, reply: Reply) -> None:
        self._handle = reply.objects[0]
        self._facts = reply.value

    @staticmethod
    def preset(name: str) -> Target:
        """One of preset_names(), e.g. "u65-256". Raises InvalidConfig with the nearest name."""
        return Target._of(call("target.preset", name=name))

    @staticmethod
    def preset_names() -> List[str]:
        """All presets."""
        names: List[str] = call("target.preset_names").value
        return names

    @staticmethod
    def from_yaml(file: PathLike) -> Target:
        """A YAML file. Raises FileError, or InvalidConfig with file:line:column."""
        return Target._of(call("target.from_yaml", file=os.fspath(file)))

    @staticmethod
    def from_yaml_text(text: str, origin: str = "<text>") -> Target:
        """YAML in memory; `origin` stands for the file in messages."""
        return Target._of(call("target.from_yaml_text", text=text, origin=origin))

    @staticmethod
    def from_vela_config(file: PathLike, system_config: str, memory_mode: str,
                         accelerator: str) -> Target:
        """Vela's .ini: one [System_Config.NAME] and one [Memory_Mode.NAME], for an accelerator
        ("ethos-u65-256")."""
        return Target._of(call("target.from_vela_config", file=os.fspath(file),
                               system_config=system_config, memory_mode=memory_mode,
                               accelerator=accelerator))

    @property
    def name(self) -> str:
        """The preset's or the file's name."""
        return str(self._facts["name"])

    @property
    def peak_macs_per_cycle(self) -> int:
        """Multiply-accumulates a cycle of all cores."""
        return int(self._facts["peak_macs_per_cycle"])

    @property
    def clock_hz(self) -> int:
        """The NPU's clock, ticks a second."""
        return int(self._facts["clock_hz"])

    @property
    def memory_mode(self) -> str:
        """"dedicated_sram", "shared_sram" or "sram_only"."""
        return str(self._facts["memory_mode"])

    def set(self, assignment: str) -> None:
        """Overrides one field: "sram.size=512KiB". Raises InvalidConfig."""
        self._take(call("target.with_settings", self, assignments=[assignment]))

    def with_settings(self, *assignments: str) -> Target:
        """A copy with fields overridden, each as set() takes it."""
        return Target._of(call("target.with_settings", self, assignments=list(assignments)))

    def copy(self) -> Target:
        """An equal target that can be changed by itself."""
        return self.with_settings()

    def fields(self) -> List[TargetField]:
        """Every field with its value, unit, range and source."""
        return [TargetField(**row) for row in call("target.fields", self).value]

    def __getitem__(self, key: str) -> str:
        """The value of a field, as set() takes it. Raises KeyError."""
        for field in self.fields():
            if field.key == key:
                return field.value
        raise KeyError(key)

    def __setitem__(self, key: str, value: object) -> None:
        """target["sram.size"] = "512KiB" """
        self.set(f"{key}={value}")

    def to_yaml(self) -> str:
        """Every field; from_yaml_text() reads it back to an equal target."""
        return text_of("target.to_yaml", self)

    def hypotheses(self) -> List[str]:
        """What is assumed of hardware that does not exist; empty for real hardware."""
        sentences: List[str] = call("target.hypotheses", self).value
        return sentences

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Target):
            return NotImplemented
        return bool(call("target.equal", self, other).value)

    def __reduce__(self) -> Tuple[Any, ...]:
        return Target.from_yaml_text, (self.to_yaml(), "<pickle>")

    def __repr__(self) -> str:
        return (f"<u65sim.Target {self.name}: {self.peak_macs_per_cycle} MACs a cycle at "
                f"{self.clock_hz / 1e6:g} MHz, {self.memory_mode}>")
