"""One act of a superuser for each way to break an invariant: the table the damage tests go through."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.integration.creditbank.damage.moving import TABLE as MOVES

#: invariants that no query over one moment can prove, and where they are shown
ELSEWHERE: Final = {
    17: "tests/integration/creditbank/faults",
    23: "tests/unit/creditbank/test_formats.py",
}

#: Of each check its invariant and how it begins, then what is done: to the first row of a table that the
#: condition names, or one statement. Last stand the row's keys, under the names the audit uses for them.
_TABLE: Final = """
1 the postings of each entry sum
    posting_line | true | amount = amount + 1 | learner, scheme, entry as sequence, entry, line, lot
    delete from posting_line where line = 1 returning learner, scheme, entry as sequence, entry, line, lot
1 every entry has postings
    delete from posting_line p using entry e where e.learner = p.learner and e.scheme = p.scheme and
      e.sequence = p.entry and e.kind = 9 returning p.learner, p.scheme, p.entry as sequence
    entry | amount is not null | amount = null, institution = null | learner, scheme, sequence
1 each kind of entry takes
    posting_line | bucket = 4 and amount > 0 | bucket = 5 | learner, scheme, entry as sequence, entry, line,
      lot
2 the trial balance of each scheme
    posting_line | scheme = 900 | amount = amount - 1 | scheme
3 the parts of each lot sum
    lot | true | issued = issued + 1 | learner, scheme, number, number as lot
    lot | true | held = -1, available = issued + 1 | learner, scheme, number, number as lot
4 each account equals the sum of its lots
    account | sequence > 0 | available = available + 100 | learner, scheme
4 each account equals the sum of its postings
    account | redeemed > 0 | redeemed = redeemed - 1, available = available + 1 | learner, scheme
    entry | amount is not null | amount = amount + 1 | learner, scheme
4 each lot equals the sum of its postings
    entry | amount is not null | amount = amount + 1 | learner, scheme, sequence as number
    lot | redeemed > 0 | redeemed = redeemed - 1, available = available + 1 | learner, scheme, number,
      number as lot
5 no part of a lot counts for two awards
    award_lot | true | amount = amount + 1000000 | book as learner, number
5 each award that was granted was spent by an entry
    award_hold | redemption is not null | redemption = null | learner, award as id
    award | state = 'rescinded' | state = 'certified' | learner, id
    award | state = 'requested' | state = 'certified', decided_by = uuid7() | learner, id
6 each posting belongs to an entry of the same learner
    posting_line | true | learner = (select max(number) from learner) | learner, scheme, entry as sequence,
      entry, line, lot
6 each lot was issued by an entry
    lot | true | issuer = gen_random_uuid() | learner, scheme, number, number as lot
    entry | amount is not null | amount = amount + 1 | learner, scheme, sequence as number
    entry | amount is not null | institution = uuid7() | learner, scheme, sequence as number
6 each account is in the name
    account | true | person = gen_random_uuid() | learner
    learner | merged_into is not null | merged_into = -1 | number as learner
6 every lot that an award, a transfer or a recognition names
    award_lot | true | number = 999 | learner, book, number, award as id, 'award' as place
    transfer_lot | true | book = (select learner from award limit 1), number = 1 | learner, book, number
    recognition_item | lot is not null | lot = 999 | learner, recognition as id, book
7 one attempt has at most one live lot
    lot | attempt = 'a1' | attempt = 'a0' | learner, issuer
8 one key has had one effect
    entry | sequence > 1 | key_hash = (select key_hash from entry o where o.learner = entry.learner and
      o.sequence = 1 limit 1) | learner, key_hash
8 what files, claims and reactions say was posted is in the books
    posting_item | outcome = 'posted' | entry = uuid7() | file, number
    posting_item | outcome = 'posted' | learner = learner + 99 | file, number
    xapi_claim | state = 'posted' | entry = uuid7() | id as file, 'reaction' as place
    delete from xapi_evidence returning claim as file, 'reaction' as place
    suspense | state = 'posted' | entry = uuid7() | id as file, 'suspense' as place
    suspense | state = 'posted' | entry = (select id from entry limit 1) | id as file
8 the counts of each file
    posting_file | true | posted = posted + 1 | id as file
8 what was recognised was posted as it was offered
    recognition_item | lot is not null | amount = amount + 1 | learner, number
    recognition | state = 'posted' | state = 'offered' | learner, id
9 an entry is reversed at most once
    entry | reverses is not null | reverses = sequence | learner, scheme, sequence
9 a reversal takes out of each lot
    entry | kind = 6 | reverses = null | learner, scheme, sequence
    posting_line | bucket = 4 and amount < 0 | amount = amount + 1 | learner, scheme, entry as sequence,
      entry, line, lot
9 what took the place of a corrected deposit
    correction | replacing is not null | replacing = uuid7() | learner, id
    correction | replacing is not null | amount = amount + 1 | learner, id
10 what is held of each lot
    update hold h set resolved = null from posting p where h.resolved is not null and p.learner =
      h.learner and p.scheme = h.scheme and p.entry = h.entry and p.bucket = 3 returning h.learner,
      h.scheme, p.lot as number
11 a hold is placed by one entry and ended by one
    hold | resolved is not null and resolved = (select sequence from entry where kind = 5 and learner =
      t.learner and scheme = t.scheme limit 1) | until = until - interval '9 years' | learner, scheme,
      entry as sequence
    hold | true | id = uuid7() | learner, scheme, entry as sequence
11 every entry that places or ends a hold has one
    delete from hold where resolved is null returning learner, scheme, entry as sequence
    entry | kind = 3 | resolves = null | learner, scheme, sequence
12 credits were spent or set aside before
    lot | redeemed > 0 | expires_on = '2000-01-01' | learner, scheme, number, number as lot
12 nothing was spent or set aside while
    account_freeze | scheme = 1 | last = 999 | learner, scheme
12 deposited lots of a scheme
    lot | scheme = 902 | expires_on = '2999-01-01' | learner, scheme, number, number as lot
13 every lot of a transfer is answered once
    transfer_lot | accepted = 0 | accepted = null | learner, transfer as id, number
    transfer_lot | accepted > 0 | accepted = amount + 1 | learner, number
    transfer | state = 'requested' | state = 'decided', decided_by = uuid7() | learner, id
13 every award that stands keeps the rules
    award | state = 'certified' | facts = replace(facts::text, '300', '299')::json | learner, id as
      award
    award_lot | true | outcome = uuid7() | learner, award
    update rule r set document = replace(document::text, '3.00', '4.00')::json from award a where r.id =
      a.rule returning a.learner
14 a conversion issues by its ratio what it takes
    conversion | true | issued = issued + 1 | learner, scheme, entry as sequence
    conversion | true | remainder = remainder + denominator * 50 | learner, scheme, entry as sequence
14 every entry that takes or issues converted credits
    delete from conversion returning learner, scheme, entry as sequence
    delete from conversion_lot returning learner, scheme, number as sequence
14 a conversion is taken back as a whole
    entry | kind = 14 | batch = uuid7() | learner, scheme, reverses as sequence
    with gone as (delete from entry where kind = 15 returning learner, reverses, scheme) select g.learner,
      l.source_scheme as scheme, l.source_entry as sequence from gone g join conversion_lot l on
      l.learner = g.learner and l.scheme = g.scheme and l.number = g.reverses
    posting_line | bucket = 8 and amount < 0 | amount = amount - 1 | learner
14 each conversion by a rule of the rule book
    update rule r set document = jsonb_set(document::jsonb, '{numerator}', '9')::json from conversion c
      where r.id = c.rule returning c.learner, c.scheme, c.entry as sequence
    update rule r set state = 'rejected' from conversion c where r.id = c.rule returning c.learner
15 the service's role can alter no row
    grant update on lot to $service
16 nobody decided on what they had asked for
    rule | true | decided_by = made_by | id, 'rule' as place
    award | state = 'certified' | decided_by = requested_by | id, 'award' as place
    award | state = 'rescinded' | rescinded_by = rescission_by | id
    transfer | state = 'decided' | decided_by = requested_by | id
    recognition | state = 'posted' | decided_by = assessed_by | id
16 nobody decided on what a client had made
    insert into client_keeper (client, person, known_at) select client, decided_by, '2000-01-01'
      from posting_file where decided_by is not null limit 1 returning (select id from posting_file
      where decided_by = person limit 1) as id, 'file' as place
    insert into client_keeper (client, person, known_at) select decided_by, requested_by, '2000-01-01'
      from correction where state = 'approved' limit 1 returning (select id from correction
      where decided_by = client limit 1) as id, 'correction' as place
16 whatever was approved or granted was decided by somebody
    rule | true | decided_by = null | id, 'rule' as place
    award | state = 'certified' | decided_by = null | id
    transfer | state = 'decided' | decided_by = null | id
    recognition | state = 'posted' | assessed_by = null | id
16 whoever freezes an account
    account_freeze | true | ended_by = begun_by | learner, scheme, id
16 whoever asks for a correction
    correction | true | decided_by = requested_by | learner, id
    correction | true | revoking = 1 | learner, id
16 nobody approved the file they sent
    posting_file | true | decided_by = client | id, 'file' as place
    posting_file | needs_approval | decided_by = null | id
    update standing_change c set by = p.by from standing_change p where p.institution = c.institution
      and p.act = 'review' and c.act = 'register' returning c.id
16 nobody decided a case about what they had made
    update case_decision d set decided_by = c.opened_by from learner_case c where c.id = d.case_id
      returning d.learner, d.case_id as id, d.level
    update learner_case c set makers = array[d.decided_by] from case_decision d where c.id = d.case_id
      returning c.learner, c.id, d.level
    case_decision | level = 2 | decided_by = (select o.decided_by from case_decision o where o.level = 1
      limit 1) | learner, case_id as id, level
16 a case is decided once, once more
    learner_case | true | state = 'opened' | learner, id
    learner_case | true | appealed_at = null | learner, id
    delete from case_decision where level = 1 returning learner, case_id as id
16 what a case links to put it right
    case_remedy | true | remedy = uuid7() | learner, case_id, remedy
    case_remedy | true | book = (select learner from award limit 1) | learner, case_id, remedy
16 the standing of each institution is that of the newest change
    standing_change | act = 'register' | standing = 'withdrawn' | id, institution
    update institution x set standing = 'suspended' from standing_change c where c.institution = x.id
      and c.act = 'register' returning x.id as institution
18 the entries of each account are numbered
    with gone as (delete from entry where sequence = 2 returning learner, scheme) select * from gone
18 every entry belongs to an account
    with gone as (delete from account where sequence > 1 returning learner, scheme) select * from gone
18 the head of each account
    account | sequence > 0 | head = sha256('x') | learner, scheme
18 every entry has one leaf
    entry | true | commitment = sha256('x') | learner, scheme, sequence
    with gone as (delete from log_pending p using entry e where e.commitment = any(p.commitments)
      returning e.learner, e.scheme, e.sequence) select * from gone
18 every leaf is that of an entry
    update log_block b set commitments[1] = sha256('x') from log l where l.number = b.log and b.first =
      0 returning l.name as log, b.first as leaf
18 the leaves of each log are numbered
    update log set leaves = leaves + 1 returning name as log
18 the root of every checkpoint
    update log_checkpoint c set root = sha256('x') from log l where l.number = c.log and c.size > 0
      returning l.name as log, c.size
18 every commitment follows from its entry
    entry | amount is not null | institution = uuid7() | learner, scheme, sequence
    entry | kind = 1 | recorded_at = recorded_at - interval '1 s' | learner, scheme, sequence
    lot | true | grade = 'A+' | learner, scheme, number as sequence
    hold | true | purpose = 'other' | learner, scheme, entry as sequence
    conversion | true | rule = uuid7() | learner, scheme, entry as sequence
    conversion_lot | true | source_lot = source_lot - 1 | learner, scheme, number as sequence
    update shred_key k set wrapped = o.wrapped from shred_key o where o.learner <> k.learner and exists
      (select from entry e where e.learner = k.learner) returning k.learner
19 by the entries in force on any day
    posting_line | bucket = 2 and amount < 0 | amount = amount - 100000 | learner, scheme, entry as sequence
19 by the entries recorded until any time
    posting_line | bucket = 2 and amount < 0 | amount = amount - 100000 | learner, scheme, entry as sequence,
      entry, line, lot
21 the totals of each institution
    deposit_batch | posted > 0 | amount = amount + 1 | institution
    entry | amount is not null | amount = amount + 1 | institution, scheme
21 each call to post made the entries
    with moved as (update deposit_batch set amount = amount + case id when a.low then 1 else -1 end from
      (select min(id::text)::uuid as low, max(id::text)::uuid as high from deposit_batch where posted > 0)
      a where id in (a.low, a.high) returning id as batch) select * from moved
22 there is nothing in the log but hashes
    update log_block set commitments[1] = '小明'::text::bytea where first = 0 returning first
22 nothing leads from an erased person
    insert into erased_person select id from learner limit 1 returning (select number from learner l
      where l.id = erased_person.id) as learner
22 only whose record is closed
    with gone as (delete from shred_key where learner in (select learner from lot) returning learner)
      select * from gone
"""


@dataclass(frozen=True)
class Damage:
    """What is done, and which check of which invariant names it."""

    invariant: int
    statement: str
    act: str


def _statement(text: str) -> str:
    """What a line of the table does, as SQL."""
    if text.count(" | ") != 3:
        return text
    table, condition, change, keys = text.split(" | ")
    first = f"select ctid from {table} t where {condition} limit 1"
    return f"update {table} set {change} where ctid = ({first}) returning {keys}"


def _damages() -> Iterator[Damage]:
    """A line that is not indented begins a check, one indented by four an act; deeper ones carry on."""
    joined = (_TABLE.rstrip() + MOVES).replace("\n      ", " ").strip()
    for line in joined.split("\n"):
        if not line.startswith(" "):
            number, _, statement = line.partition(" ")
            continue
        yield Damage(int(number), statement, _statement(line.strip()))


DAMAGES: Final = tuple(_damages())
