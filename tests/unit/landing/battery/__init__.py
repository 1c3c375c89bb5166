"""The battery: bad and odd deliveries made by code, each with the outcome and reason code it must have."""
