"""What only the Pod Security Standards ask for, as k8s.io/pod-security-admission judges it.

A control that CIS judges alike shares its check (`checks/pods`); these differ: they take levels and
spellings literally, look at no default, and exempt Windows by `spec.os.name` alone.
"""
