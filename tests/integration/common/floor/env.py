from libs.common.migrations import run_environment
from tests.integration.common.floor_tables import metadata

run_environment(metadata)
