"""Which settings decide a control, by the names that `tools.queries` gives them.

Used by `bot.agent.offline.answers.judged`.
"""

SETTINGS: dict[str, tuple[str, ...]] = {
    "5.1.5": ("serviceAccountName",),
    "5.1.6": ("automountServiceAccountToken",),
    "5.2.2": ("privileged",),
    "5.2.3": ("hostPID",),
    "5.2.4": ("hostIPC",),
    "5.2.5": ("hostNetwork",),
    "5.2.6": ("allowPrivilegeEscalation",),
    "5.2.7": ("runAsNonRoot", "runAsUser"),
    "5.2.8": ("capabilities.drop", "capabilities.add"),
    "5.2.9": ("capabilities.drop", "capabilities.add"),
    "5.6.2": ("seccompProfile.type",),
}
