"""A mail server for tests. It takes mail from whoever knows the password and writes each one as a line of JSON.

Arguments: port, user, password, file. It listens on loopback until it is killed.
"""

import asyncio
import email
import json
import logging
import sys
from email import policy

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

logging.getLogger("mail.log").setLevel(logging.ERROR)
PORT, USER, PASSWORD, FILE = sys.argv[1:]


class Mailbox:
    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=policy.default)
        mail = {
            "recipients": envelope.rcpt_tos,
            "sender": envelope.mail_from,
            "subject": message["subject"],
            "to": message["to"],
            "from": message["from"],
            "type": message.get_content_type(),
            "body": message.get_content(),
        }
        with open(FILE, "a", encoding="utf-8") as file:
            file.write(json.dumps(mail) + "\n")
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    known = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known)


controller = Controller(
    Mailbox(),
    hostname="127.0.0.1",
    port=int(PORT),
    authenticator=authenticate,
    auth_required=True,
    auth_require_tls=False,
)
controller.start()
asyncio.new_event_loop().run_forever()
