-- One row per year, crime type and nationality: counted victims, migrants and missing persons.
{{ mids.victim_counts(['nationality_code']) }}
