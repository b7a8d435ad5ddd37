"""What the entry points name: registers the back end and the target with MLIA."""
from __future__ import annotations

import importlib.util

from mlia.backend.config import BackendConfiguration, BackendType, System
from mlia.backend.install import Installation, InstallationType
from mlia.backend.registry import BackendRegistry
from mlia.core.common import AdviceCategory
from mlia.plugins.plugins import BackendPlugin, TargetPlugin
from mlia.target.registry import TargetInfo, TargetRegistry

from .advisor import make_advisor
from .profile import U65simProfile

NAME = "u65sim"


class U65simInstallation(Installation):
    """u65sim is a dependency of this package: there is nothing to install."""

    def __init__(self) -> None:
        super().__init__(NAME, "Simulator of Ethos-U65 and Ethos-U55 with memory timing")

    @property
    def could_be_installed(self) -> bool:
        """Nothing is left to be installed."""
        return False

    @property
    def already_installed(self) -> bool:
        """Whether the package can be imported."""
        return importlib.util.find_spec("u65sim") is not None

    def supports(self, install_type: InstallationType) -> bool:
        """pip installs it, not MLIA."""
        return False

    def install(self, install_type: InstallationType) -> None:
        """pip installs it, not MLIA."""
        raise RuntimeError("pip install u65sim")

    def uninstall(self) -> None:
        """pip removes it, not MLIA."""
        raise RuntimeError("pip uninstall u65sim")


class U65simBackendPlugin(BackendPlugin):  # type: ignore[type-arg]
    """The back end."""

    plugin_interface_version = "0.0.1"

    @staticmethod
    def register(registry: BackendRegistry) -> None:
        """Adds the back end to MLIA's."""
        registry.register(
            NAME,
            BackendConfiguration(
                supported_advice=[AdviceCategory.COMPATIBILITY, AdviceCategory.PERFORMANCE],
                supported_systems=[System.LINUX_AMD64, System.LINUX_AARCH64,
                                   System.DARWIN_AARCH64],
                backend_type=BackendType.WHEEL,
                installation=U65simInstallation(),
            ),
            pretty_name="u65sim",
        )


class U65simTargetPlugin(TargetPlugin):  # type: ignore[type-arg]
    """The target, which profiles make one of u65sim's."""

    plugin_interface_version = "0.0.1"

    @staticmethod
    def register(registry: TargetRegistry) -> None:
        """Adds the target to MLIA's."""
        registry.register(
            NAME,
            TargetInfo(
                supported_backends=[NAME],
                default_backends=[NAME],
                advisor_factory_func=make_advisor,
                target_profile_cls=U65simProfile,
            ),
            pretty_name="Ethos-U on u65sim",
        )
