-- One row per person in a Customs case and delivery, as Customs sent it; one row numbered 0 for a case without persons.
{{ mids.stage('jkdm__cases') }}
