-- One row per year, crime type and state: counted victims, migrants and missing persons.
{{ mids.victim_counts(['state_code']) }}
