-- One row per person reported by an organisation and delivery, as the organisation sent it.
{{ mids.stage('ngo__reports') }}
