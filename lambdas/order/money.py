"""The currencies that orders are taken in, and the most that one order may come to."""

from __future__ import annotations

LIMITS = {
    "AUD": 1_500_000,
    "CAD": 1_500_000,
    "CHF": 1_000_000,
    "CZK": 25_000_000,
    "DKK": 7_500_000,
    "EUR": 1_000_000,
    "GBP": 1_000_000,
    "JPY": 1_500_000,
    "NOK": 10_000_000,
    "NZD": 1_500_000,
    "PLN": 4_500_000,
    "SEK": 10_000_000,
    "SGD": 1_500_000,
    "USD": 1_000_000,
}
"""Most that one order may come to, in minor units, by ISO 4217 code: about 10,000 euros each."""
