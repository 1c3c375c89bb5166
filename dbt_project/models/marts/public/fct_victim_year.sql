-- One row per year and crime type: counted victims, migrants and missing persons.
{{ mids.victim_counts() }}
