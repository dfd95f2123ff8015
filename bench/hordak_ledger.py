"""django-hordak at work, run by its own Python: ADDRESS prepare|transfer|bulk [START SECONDS SEED].

Prints entries a second from START (seconds since 1970) on. It imports nothing of the project's.
"""

import datetime
import random
import sys
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

BATCH = 1_000
_INSTITUTIONS, _LEARNERS = 50, 500
_APPS = ("django.contrib.auth", "django.contrib.contenttypes", "mptt", "djmoney", "hordak")


def configure(address: str) -> None:
    import django  # type: ignore[import-not-found]
    from django.conf import settings  # type: ignore[import-not-found]

    parts = urlsplit(address)
    place = {"USER": parts.username, "NAME": parts.path.lstrip("/"), "PASSWORD": parts.password or ""}
    host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
    database = {"ENGINE": "django.db.backends.postgresql", **place, "HOST": host, "PORT": parts.port or ""}
    settings.configure(
        DATABASES={"default": {**database, "CONN_MAX_AGE": None}},
        INSTALLED_APPS=_APPS,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        CURRENCIES=["EUR"],
        DEFAULT_CURRENCY="EUR",
        HORDAK_DEFAULT_CURRENCY="EUR",
    )
    django.setup()


def prepare() -> None:
    from django.core.management import call_command  # type: ignore[import-not-found]
    from hordak.models import Account, AccountType  # type: ignore[import-not-found]

    call_command("migrate", verbosity=0)
    for number in range(_INSTITUTIONS + _LEARNERS):
        kind = AccountType.income if number < _INSTITUTIONS else AccountType.asset
        Account.objects.create(name=f"{number}", code=f"{number}", type=kind, currencies=["EUR"])


def transfer(sides: tuple[list[Any], list[Any]]) -> int:
    """One entry, in a transaction of its own as transfer_to needs."""
    from django.db import transaction  # type: ignore[import-not-found]
    from moneyed import Money  # type: ignore[import-not-found]

    with transaction.atomic():
        random.choice(sides[0]).transfer_to(random.choice(sides[1]), Money("1.50", "EUR"))
    return 1


def bulk(sides: tuple[list[Any], list[Any]]) -> int:
    """A thousand entries with their legs by bulk_create."""
    from django.db import transaction
    from hordak.models import Leg, Transaction
    from moneyed import Money

    amount, today = Money("1.50", "EUR"), datetime.datetime.now(datetime.UTC).date()
    institution = random.choice(sides[0])
    with transaction.atomic():
        made = Transaction.objects.bulk_create([Transaction(date=today) for _ in range(BATCH)])
        legs = [Leg(transaction=one, account=institution, credit=amount) for one in made]
        legs += [Leg(transaction=one, account=random.choice(sides[1]), debit=amount) for one in made]
        Leg.objects.bulk_create(legs)
    return BATCH


def main() -> None:
    address, what, *rest = sys.argv[1:]
    configure(address)
    if what == "prepare":
        prepare()
        return
    from hordak.models import Account

    start, seconds, seed = float(rest[0]), float(rest[1]), rest[2]
    random.seed(seed)
    everybody = list(Account.objects.order_by("id"))
    sides = everybody[:_INSTITUTIONS], everybody[_INSTITUTIONS:]
    work = transfer if what == "transfer" else bulk
    work(sides)
    time.sleep(max(0.0, start - time.time()))
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        done += work(sides)
    print(done / (time.perf_counter() - began))


if __name__ == "__main__":
    main()
