"""Superset's settings for MIDS: loopback, no secret in a file of the project, always the current release.

Belongs here: what Superset reads at start. Does not belong here: making the secret, importing, starting (start.py).
"""

import os
from pathlib import Path

_HOME = Path(os.environ["MIDS_BI_HOME"])  # set by start.py, which also makes what is read here

SECRET_KEY = (_HOME / "secret_key").read_text("utf-8").strip()
SQLALCHEMY_DATABASE_URI = f"sqlite:///{_HOME / 'superset.db'}"
DATA_DIR = str(_HOME)

# A release is switched under Superset's feet: an answer kept would be an old one. DuckDB answers in milliseconds.
_NOTHING_KEPT = {"CACHE_TYPE": "NullCache"}
CACHE_CONFIG = _NOTHING_KEPT
DATA_CACHE_CONFIG = _NOTHING_KEPT
# State of the page (filters, form data), not data: one process writes it and another reads it.
_STATE = {"CACHE_TYPE": "SupersetMetastoreCache", "CACHE_DEFAULT_TIMEOUT": 86_400}
FILTER_STATE_CACHE_CONFIG = {**_STATE, "CACHE_KEY_PREFIX": "filter_"}
EXPLORE_FORM_DATA_CACHE_CONFIG = {**_STATE, "CACHE_KEY_PREFIX": "explore_"}
RATELIMIT_STORAGE_URI = "memory://"

# Superset speaks no Malay of its own: the bundle's names carry both languages.
BABEL_DEFAULT_LOCALE = "en"
APP_NAME = "MIDS"
FAVICONS: list[dict[str, str]] = []
WTF_CSRF_ENABLED = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
TALISMAN_ENABLED = True
# Superset's own policy lets pages call map servers and a telemetry pixel; this one lets them call nobody.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,  # loopback without TLS
}
PREVENT_UNSAFE_DB_CONNECTIONS = True
FEATURE_FLAGS = {"ALLOW_ADHOC_SUBQUERY": False, "ENABLE_TEMPLATE_PROCESSING": False}
ALERT_REPORTS_NOTIFICATION_DRY_RUN = True


def DB_CONNECTION_MUTATOR(uri, params, username, security_manager, source):
    """Open the release that ``current`` names at this moment, by its own path.

    DuckDB shares one open database between all connections of a process to the same path. Had each query opened
    ``releases/current/mids.duckdb``, one that is still running would hand its old release to the next. A release's own
    folder never changes, so its path is its identity.
    """
    if uri.drivername.startswith("duckdb"):
        uri = uri.set(database=str(Path(uri.database).resolve(strict=True)))
    return uri, params
