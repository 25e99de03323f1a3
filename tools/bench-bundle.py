# SPDX-License-Identifier: LGPL-2.1-or-later
"""OCI bundles for the parts of tools/bench that run other runtimes, which it puts before them."""
import json
import subprocess
from pathlib import Path

TARBALL = "/opt/quilt-test/images/busybox.tar.gz"
PROFILE = Path("/usr/share/quilt/seccomp.json")


def seccomp_rules():
    """The rules of the default profile that any container has, as an engine resolves them."""
    names = [name for rule in json.loads(PROFILE.read_text())["syscalls"]
             if rule["action"] == "SCMP_ACT_ALLOW" and not {"args", "includes", "excludes"} & rule.keys()
             for name in rule["names"]]
    plain = {"names": names, "action": "SCMP_ACT_ALLOW"}
    clone = {"names": ["clone"], "action": "SCMP_ACT_ALLOW",
             "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]}
    native = {"names": ["arch_prctl", "modify_ldt"], "action": "SCMP_ACT_ALLOW"}
    return {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
            "syscalls": [plain, clone, native]}


def make_bundle(path, command, seccomp=None):
    """As crun's own `spec` makes it. The host may lack CAP_SYS_RESOURCE, which rlimits and crun's device filter need."""
    (path / "rootfs").mkdir(parents=True)
    subprocess.run(["tar", "-C", str(path / "rootfs"), "-xf", TARBALL], check=True)
    subprocess.run(["crun", "spec"], cwd=path, check=True)
    config = json.loads((path / "config.json").read_text())
    config["ociVersion"] = "1.0.2"
    config["process"].update(terminal=False, args=command)
    config["process"].pop("rlimits", None)
    config["process"]["capabilities"].pop("ambient")  # not inheritable, so the kernel would not have them
    config["linux"].pop("resources", None)
    if seccomp:
        config["linux"]["seccomp"] = seccomp
    (path / "config.json").write_text(json.dumps(config))
    return str(path)


