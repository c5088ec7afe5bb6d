"""Words that do not name anything in a cluster, in English and German. Constants only.

Used by `bot.agent.offline.question.reading`. A word of ours that is a workload's name all the same can be asked
about in quotes.
"""

_TEXT = """
ahead propose bump bounce deny skaliere skalieren starte neu become folder confirm confirmed lock revoke withdraw
undo rolling approve approved approval approvals approves reject rejected rejects decline declined deny denied proposal proposals request
requests requested requesting propose proposed apply applied executed expired expires verified withdrawn withdrew undone revert reverted rollback
rolled roll back pending waiting waits awaiting outstanding review reviews reviewed card cards draft drafts cancel cancelled retract lgtm accept
genehmige genehmigen genehmigt genehmigung genehmigungen freigabe freigaben freigeben freigegeben gib frei ablehnen abgelehnt ablehne lehne lehnt ab
wartet warten offen offene offenen beantragt angefragt vorgeschlagen angefordert anfrage anfragen antrag anträge änderung änderungen letzte letzten
rückgängig zurück zurückziehen zurückgezogen zieh ziehe nimm nehme mach mache führe setze um wende widerrufe storniere angewendet ausgeführt umgesetzt
übernommen bestätige bestätigt vorschlag vorschläge karte schon bitte happened became veto
scaling restarting deletion latest
absichern härten beheben behebe entferne lösche pausiere replikas replica replicas
overall comply complies summary posture trouble
a about above according across active actually admin administrator after again against all allow allowed allows almost
already also always am among an and another answer any anybody anyone anything app application applications apps are
aren't around as ask asks at available away back bad basically be because been before being below benchmark best better between
big bind both but by call called can can't cannot case cause certain change changed check checked checks cis clean clear
cluster clusters cluster-wide clusterwide come complain complains compliant compliance config configuration configured could
couldn't count create created creates currently danger dangerous data deal default define definition deploy deployed describe
detail details did didn't differ difference different do docs does doesn't doing don't done down due during each easily either
else enable enabled enforce enforced enough etc even ever every everybody everyone everything everywhere exactly example
except exception exist existing exists explain explained fail failed failing fails false far few finally find finding findings fine first
fix fixed flag flagged follow following for forbid found four from full further gave general get gets getting give given gives go
going good got great had has have haven't having hello help her here hey hi him his hold how however i i'd i'll i'm i've idea
identify if image images important in inside instead into is isn't issue issues it it's its itself job jobs just keep kind kinds know
known kubernetes k8s last later least less let let's level like likely line list listed little log logs long look looking looks lot made
main make makes many matter matters may maybe me mean meaning means meant might mine minute missing mode more most much must
my myself name named names namespace namespaces need needed needs neither never new next no nobody node nodes none nor not
nothing now number numbers object objects of off often ok okay old on once one ones only onto open or other others our ours out
over overview own page part particular pass passed passes people per permission permissions perhaps place plain please pls
pod pods point policies policy possible possibly practice practices problem problems product profile proper properly provide pss put question quick
quickly quite rather read reads really reason recommend recommendation recommended recommends regard regarding related
report require required requirement requires resource resources rest result results right rights risk risks risky role roles rule rules run
running runs safe safely said same say says scan scanned scans second section secure security see seen seem set sets setting
settings several shall she should shouldn't show shown shows side since single so some somebody somehow someone something
somewhere soon sort source spec standard standards start started state status still stop such sum summary sure system take tell than thank thanks
that that's the their them themselves then there there's these they thing things think this those though three through thus time to
today together told too top total toward true try turn two type under understand unknown until up upon us use used user users uses
using usually value values various version very via view want wanted wants was wasn't way we well went were what what's when where
whether which while who who's whoever whole whom whose why will with within without won't word words work workload workloads
works worst would wouldn't write wrong yes yet you your yours
workload's container containers deployment deployments statefulset statefulsets daemonset daemonsets replicaset replicasets cronjob cronjobs
service services serviceaccount serviceaccounts account accounts binding bindings rolebinding rolebindings clusterrole clusterroles
clusterrolebinding clusterrolebindings ingress ingresses secret secrets configmap configmaps pv pvc volume volumes event events
control controls group groups subject subjects manifest manifests yaml json field fields label labels annotation annotations
kubelet kubelets etcd scheduler controller-manager kubectl apiserver api-server apis plane
privileged privilege privileges escalation escalate root nonroot non-root uid gid user-id capability capabilities caps seccomp apparmor selinux
host hostpath hostnetwork hostpid hostipc hostport hostports host-network host-pid host-path host-port network networks
token tokens mount mounted mounts automount environment env variable variables var vars digest digests tag tags tagged pinned pin
latest signed signature signatures sign sbom sboms fips validated cosign provenance vulnerability vulnerabilities cve cves
critical high medium low severity severities severe worse urgent audit audits auditor remediate remediation mitigate harden hardening hardened
rbac psa baseline restricted standards admission access accesses cpu memory ram disk
anonymous auth authentication authorization tls certificate certificates cert certs encryption encrypted rest mode modes file files permission
ownership owner owned owners port ports flag flags argument arguments value profiling webhook webhooks rotation rotate
fit fits short shortly briefly brief sentence sentences english german gib mir bitte danke hallo moin
stuff somehow anyway hmm uh um yeah yep nope lol tho thx ty asap btw fyi
fix fixes solve solved resolve patch apply scale scaled restart delete remove update replicas replica
der die das den dem des ein eine einen einem einer eines und oder aber ist sind war waren wird werden wurde wurden hat haben hatte
kann können könnte soll sollte sollten muss müssen darf dürfen will wollen ich du er sie es wir ihr mich mir dich dir uns euch ihnen mein
meine dein deine sein seine unser unsere unserem unseren welche welcher welches welchen welchem was wer wie wo wann warum wieso wieviel wieviele viele viel
nicht kein keine keinen keiner keinem nie nur noch schon auch sehr mehr weniger alle alles allen jeder jede jedes jemand niemand etwas nichts
im in am an auf aus bei mit nach von vom vor zu zum zur für gegen ohne um über unter zwischen durch bis seit als wenn weil dass ob denn doch
violate violates violating violated lack lacks lacking miss misses missing sharing share shares elevated although covers cover covered mention mentions
compare compared comparing vs versus whats linux windows exec patched limits limit internet outside talk reach connect mounting though insecure unsafe
anyways actual currently running-as open opens opened raw socket sockets keep keeps attached attach expose exposed exposes leak leaks leaking
behebe beheben schlecht gut besser meldet gemeldet durchgefallen unsicher sicher warnung fehler problem probleme
verb verbs api-group apigroup apigroups gibt es zeig zeige zeigen liste listen finde finden prüfe prüfen laufen läuft lauft irgendwas irgendein irgendeine dort da hier jetzt dann
namensraum cluster rechte zugriff richtlinie richtlinien regel regeln privilegiert privilegierte privilegierten wurzel umgebungsvariablen
flaggt bemängelt markiert falsch richtig ok okay
"""
STOP = frozenset(_TEXT.split())
