"""The check of each kind of paging."""

from connector.sources.rest.checks.chain import ChainCheck
from connector.sources.rest.checks.numbered import NumberedCheck
from connector.sources.rest.checks.offset import OffsetCheck
from connector.sources.rest.checks.probe import PageCheck, Probe
from connector.sources.rest.checks.whole import WholeListCheck
from connector.sources.rest.paging import ByOffset, ByPage, Paging


def create_check(probe: Probe) -> PageCheck:
    if type(probe.paging) is Paging:
        return WholeListCheck(probe)
    match probe.paging:
        case ByPage():
            return NumberedCheck(probe)
        case ByOffset():
            return OffsetCheck(probe)
    return ChainCheck(probe)
