-- One row per person found in an operation and delivery, as Immigration sent it.
{{ mids.stage('jim__persons') }}
