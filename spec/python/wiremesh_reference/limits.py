"""Limits and timers, each with its unit. Nothing from outside takes memory before it was compared with one of these."""

# What every implementation keeps to.
HANDSHAKE_MESSAGE = 4096  # bytes
RECORD_CIPHERTEXT = 65535  # bytes, tag included
FRAME_PAYLOAD = 65511  # bytes
DATA = 61440  # bytes of a DATA payload, or of a raw block
HEAD_SIZE = 16384  # bytes
REASON = 256  # bytes
NAME = 128  # bytes
VERB = 32  # bytes
HEAD_FIELDS = 4096  # names and values in a HEAD
REGION = 64  # bytes
URL = 2048  # bytes
ENDPOINT = 262  # bytes of "host:port"
ENDPOINTS = 8  # endpoints of a worker
SERVICES = 256  # services of a worker
CAPABILITIES = 128  # capabilities of a worker
CAPABILITY_TEXT = 1024  # bytes of a key or text
CAPABILITY_JSON = 16384  # bytes of a JSON text
CERTIFICATE = 1024  # bytes
TOKEN = 4096  # characters
RECORD = 61440  # bytes of an encoded worker record or registration
SNAPSHOT_RECORDS = 1100  # records in the first event of a watch
NOTICE_NODES = 1024  # nodes in a notice
RELAYS = 4  # relays of a worker
CIRCUIT_REQUEST = 1024  # bytes of the message at the beginning of a circuit
MESSAGE = 1048576  # bytes of a message
DHT_MESSAGE = 1168  # bytes of a request or answer of the DHT
PROVIDER_ENTRY = 1100  # bytes of an encoded provider entry
DHT_CONTACTS = 16  # contacts in one message of the DHT
DHT_ENTRIES = 8  # entries in one message of the DHT
VIEW_BUCKETS = 64  # parts of the space that two full views compare
VIEW_FINGERPRINTS = 96  # fingerprints in one message of the DHT
SERVICE_SPLIT = 8  # bits of the split of a service
CREDIT = 2**63 - 1  # bytes
REKEY_INTERVAL = 1048576  # records of a direction

# What this implementation chooses and announces.
STREAM_WINDOW = 262144  # bytes
LINK_WINDOW = 4194304  # bytes
OPEN_STREAMS = 1024  # streams of the other side at once
IDLE_FRAME_BURST = 1000  # frames
IDLE_FRAME_RATE = 200  # frames a second
CONTROL_QUEUE = 16384  # frames that wait for the other side to read
UNAUTHENTICATED = 256  # connections that have not finished a handshake
UNAUTHENTICATED_PER_SOURCE = 16  # the same for one address
LAST_STREAM = 0x7FFF0000  # stream id
TURN = 16384  # bytes of one body before the next has its turn
ATTEMPTS = 3  # sends of one call
HOPS = 4  # forwards of a call

# Timers, in seconds.
HANDSHAKE_TIME = 5.0
PING_AFTER = 0.5  # of silence
PING_INTERVAL = 1.0
SILENCE = 3.0  # after which the other side is gone
CLOSE_TIME = 1.0  # for the last words of a link to be read
REDIAL = 10.0  # the longest pause of a worker before it looks for a coordinator again
DEADLINE = 3600.0  # the longest that is honoured
