# NETWORK ADDRESS FILE FROM TO...: hands in FILE, twice over one connection, with Python's smtplib.
import smtplib, socket, sys

network, address, name, sender, *to = sys.argv[1:]


class OverUnix(smtplib.SMTP):
    def _get_socket(self, host, port, timeout):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(timeout)
        s.connect(host)
        return s


if network == "unix":
    client = OverUnix(address, 25, "localhost", 60)
else:
    client = smtplib.SMTP(*address.rsplit(":", 1), timeout=60)
text = open(name, "rb").read().replace(b"\n", b"\r\n")  # smtplib sends bytes as they are
with client:
    for _ in range(2):
        refused = client.sendmail(sender, to, text, mail_options=["BODY=8BITMIME"], rcpt_options=["NOTIFY=NEVER"])
        assert not refused, refused
