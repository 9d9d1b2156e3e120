# Reads the messages named as arguments and prints, as JSON, one list for each:
# the defects that the email package of Python finds, and type and content (in
# base64) of each leaf.
import base64, email, email.policy, json, sys

def judge(path):
    with open(path, "rb") as f:
        m = email.message_from_bytes(f.read(), policy=email.policy.compat32)
    defects, leaves = [], []
    for p in m.walk():
        defects += [type(d).__name__ for d in p.defects]
        if not p.is_multipart():
            content = p.get_payload(decode=True) or b""
            leaves.append({"Kind": p.get_content_type(), "Content": base64.b64encode(content).decode()})
    return {"Defects": defects, "Leaves": leaves}

json.dump([judge(path) for path in sys.argv[1:]], sys.stdout)
