"""Programs of others, built unchanged by ringlet-cc: the quick ones of tests/ports, and all with FULL=1. `make
ports` writes the table of what works."""

import importlib.machinery
import importlib.util

import pytest

import hosts
from hosts import BUILD, ROOT

LOADER = importlib.machinery.SourceFileLoader("ports_tool", str(ROOT / "tools/ports"))
ports = importlib.util.module_from_spec(importlib.util.spec_from_loader("ports_tool", LOADER))
LOADER.exec_module(ports)

QUICK = {"lua", "zlib"}
pytestmark = pytest.mark.skipif(not (BUILD / "sdk/bin/ringlet-cc").exists(), reason="there is no kit; make sdk makes it")


@pytest.mark.parametrize("port", [pytest.param(port, id=port.name, marks=[] if port.name in QUICK else pytest.mark.full)
                                  for port in ports.PORTS])
def test_port(port):
    if not (ports.DEPS / f"{port.name}-{port.version}").is_dir():
        pytest.skip("its sources are not there; tools/setup ports fetches them")
    ports.build(port)
    for scenario in port.scenarios:
        for host in ports.HOSTS:
            if host == "launcher" and hosts.missing(hosts.Launcher()):
                continue
            ports.check(port, scenario, host)
