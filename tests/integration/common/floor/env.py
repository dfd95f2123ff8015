from libs.common.migrations import run_environment

run_environment()
