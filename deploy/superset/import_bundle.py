"""Import the bundle into Superset: database, datasets, charts, dashboard; what is there of them is overwritten.

Belongs here: one import in Superset's own application context, and the administrator it is done as. Run by start.py.
"""

import os
from pathlib import Path

import yaml
from flask import g
from superset.app import create_app

BUNDLE = Path(__file__).resolve().parent / "bundle"


def contents(uri: str) -> dict[str, str]:
    """The bundle's files by their path in it, with the database's address filled in."""
    found = {str(p.relative_to(BUNDLE)): p.read_text("utf-8") for p in sorted(BUNDLE.rglob("*.yaml"))}
    database = yaml.safe_load(found["databases/mids.yaml"])
    found["databases/mids.yaml"] = yaml.safe_dump({**database, "sqlalchemy_uri": uri})
    return found


def main() -> None:
    """Import as the administrator, who is made at the first start with the password that start.py drew."""
    with create_app().app_context():
        from superset import db, security_manager
        from superset.commands.importers.v1.assets import ImportAssetsCommand

        g.user = security_manager.find_user("admin")
        if g.user is None:  # not by the command line: a password given there stands in the list of processes
            password = Path(os.environ["MIDS_BI_HOME"], "admin_password").read_text("utf-8").strip()
            role = security_manager.find_role("Admin")
            g.user = security_manager.add_user(
                "admin", "MIDS", "Admin", "admin@localhost", role, password=password
            )
        ImportAssetsCommand(contents(os.environ["MIDS_BI_URI"])).run()
        db.session.commit()


if __name__ == "__main__":
    main()
