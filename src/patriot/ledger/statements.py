"""The ledger's SQL for writers without Django's ORM (the intake). Django's side uses the same."""

APPEND = """
WITH entry AS (
    INSERT INTO ledger_entry (at, kind, actor, subject, agency, simulated, body)
    VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id
)
INSERT INTO ledger_pending (entry_id) SELECT id FROM entry RETURNING entry_id
"""
