"""creditbank: a bank of academic credits, a double-entry ledger sharded by learner."""
