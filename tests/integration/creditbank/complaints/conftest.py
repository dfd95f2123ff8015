"""What decides, and a bank with a public log, as the tests beside this folder have them."""

from tests.integration.creditbank.log.conftest import log_bank, log_directory
from tests.integration.creditbank.rules.conftest import desk, ects, office, publish

__all__ = ["desk", "ects", "log_bank", "log_directory", "office", "publish"]
