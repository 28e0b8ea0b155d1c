"""What a user may set, and the workspace it is set for."""

from getvpn_ops.settings.find import find_kept, find_workspace, read_settings
from getvpn_ops.settings.schema import (
    BackupSettings,
    ChangeSettings,
    CredentialSettings,
    FromCommand,
    FromEnvironment,
    FromFile,
    FromKeyring,
    FromPrompt,
    HealthSettings,
    RetentionSettings,
    SecretSource,
    Settings,
    SshOverrides,
    SshSettings,
)
from getvpn_ops.settings.workspace import Workspace

__all__ = [
    "BackupSettings",
    "ChangeSettings",
    "CredentialSettings",
    "FromCommand",
    "FromEnvironment",
    "FromFile",
    "FromKeyring",
    "FromPrompt",
    "HealthSettings",
    "RetentionSettings",
    "SecretSource",
    "Settings",
    "SshOverrides",
    "SshSettings",
    "Workspace",
    "find_kept",
    "find_workspace",
    "read_settings",
]
