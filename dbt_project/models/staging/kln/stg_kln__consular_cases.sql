-- One row per person in a consular case and delivery, as the foreign ministry sent it.
{{ mids.stage('kln__consular_cases') }}
