-- A dissector of WM/1 links for Wireshark and tshark 4.0 and later. README.md beside it says how to use it.
--
-- Without keys it shows preface, handshake messages and records. With a key log (WIREMESH_KEYLOG, or the preference), which names a
-- link by the ephemeral key at the beginning of its first message, it opens the records and shows their frames.
local here = debug.getinfo(1, "S").source:sub(2):match("^(.*)/[^/]*$") or "."
local cipher, lz4, json = dofile(here .. "/lib/cipher.lua"), dofile(here .. "/lib/lz4.lua"), dofile(here .. "/lib/json.lua")
local registry = dofile(here .. "/lib/registry.lua")(json, here .. "/../registry.json")

local proto = Proto("wiremesh", "Wiremesh WM/1 link")
proto.prefs.key_log = Pref.string("Key log", os.getenv("WIREMESH_KEYLOG") or "", "The file that WIREMESH_KEYLOG named when the program ran")

-- Fields --------------------------------------------------------------------------------------------------------------------

local f = {
    magic = ProtoField.string("wiremesh.magic", "Magic"),
    major = ProtoField.uint8("wiremesh.major", "Major version"),
    suite = ProtoField.uint8("wiremesh.suite", "Suite", base.DEC, registry.suites),
    pattern = ProtoField.uint8("wiremesh.pattern", "Pattern", base.DEC, registry.patterns),
    preface_flags = ProtoField.uint8("wiremesh.preface_flags", "Flags", base.HEX),
    token = ProtoField.bytes("wiremesh.token_id", "Token id"),
    handshake = ProtoField.uint8("wiremesh.handshake", "Handshake message"),
    length = ProtoField.uint16("wiremesh.length", "Length"),
    ephemeral = ProtoField.bytes("wiremesh.ephemeral", "Ephemeral key"),
    sealed = ProtoField.bytes("wiremesh.sealed", "Sealed"),
    mac1 = ProtoField.bytes("wiremesh.mac1", "mac1"),
    record = ProtoField.uint64("wiremesh.record", "Record"),
    plaintext = ProtoField.bytes("wiremesh.plaintext", "Plaintext"),
    frame_length = ProtoField.uint16("wiremesh.frame.length", "Payload length"),
    frame_type = ProtoField.uint8("wiremesh.frame.type", "Type", base.HEX, registry.frames),
    frame_flags = ProtoField.uint8("wiremesh.frame.flags", "Flags", base.HEX),
    stream = ProtoField.uint32("wiremesh.frame.stream", "Stream"),
    payload = ProtoField.bytes("wiremesh.frame.payload", "Payload"),
    data = ProtoField.bytes("wiremesh.data", "Data"),
    raw_size = ProtoField.uint16("wiremesh.data.raw_size", "Raw size"),
    credit = ProtoField.uint64("wiremesh.window.credit", "Credit"),
    streams = ProtoField.uint32("wiremesh.max_streams", "Streams in all"),
    code = ProtoField.uint16("wiremesh.error.code", "Code", base.HEX),
    not_processed = ProtoField.bool("wiremesh.error.not_processed", "Not processed"),
    name = ProtoField.string("wiremesh.error.name", "Error"),
    reason = ProtoField.string("wiremesh.error.reason", "Reason"),
    retry = ProtoField.uint32("wiremesh.error.retry_after", "Retry after (ms)"),
    last = ProtoField.uint32("wiremesh.goaway.last_stream", "Last stream"),
    ping = ProtoField.bytes("wiremesh.ping", "Number"),
    tlv = ProtoField.uint16("wiremesh.tlv.type", "Field"),
    message = ProtoField.string("wiremesh.message", "Message"),
    message_field = ProtoField.string("wiremesh.message.field", "Field"),
}
local flag_fields = {}
for _, flag in ipairs(registry.flags) do
    local field = ProtoField.bool("wiremesh.frame.flags." .. flag.name:lower(), flag.name, 8, nil, flag.value)
    f["flag_" .. flag.name] = field
    flag_fields[#flag_fields + 1] = field
end
local head_fields = {}
for _, field in pairs(registry.head) do
    local make = field.encoding == "text" and ProtoField.string or field.encoding:match("^u%d+$") and ProtoField.uint32 or ProtoField.bytes
    head_fields[field.type] = make("wiremesh.head." .. field.name, field.name)
    f["head_" .. field.name] = head_fields[field.type]
end
f.header_field = ProtoField.string("wiremesh.head.field", "Header field")
proto.fields = f
local show_message = dofile(here .. "/lib/messages.lua")(registry, f)

local unknown_frame = ProtoExpert.new("wiremesh.unknown_frame", "A frame of an unknown type", expert.group.UNDECODED, expert.severity.NOTE)
local malformed = ProtoExpert.new("wiremesh.malformed", "Not what the protocol allows here", expert.group.MALFORMED, expert.severity.ERROR)
local no_key = ProtoExpert.new("wiremesh.no_key", "The key log has no key of this link", expert.group.DECRYPTION, expert.severity.NOTE)
proto.experts = { unknown_frame, malformed, no_key }

local tcp_stream, source_port = Field.new("tcp.stream"), Field.new("tcp.srcport")

-- Links ---------------------------------------------------------------------------------------------------------------------

-- One per TCP stream: which side dialled, the keys, and what each piece of the stream was found to be on the first pass, because
-- Wireshark asks for packets again in any order and records can be opened in theirs only.
local links = {}

local keys = { read = 0, lines = {} }

local function bytes_of(hex) return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)) end

-- The key log's line for a link, the file read on from where it ended last: in a live capture it grows.
local function find_keys(ephemeral)
    if not keys.lines[ephemeral] and proto.prefs.key_log ~= "" then
        local file = io.open(proto.prefs.key_log, "r")
        if file then
            file:seek("set", keys.read)
            for line in file:lines() do
                local name, suite, first, second = line:match("^WM1_LINK (%x+) (%d+) (%x+) (%x+)$")
                if name then
                    keys.lines[bytes_of(name)] = { suite = tonumber(suite), initiator = bytes_of(first), responder = bytes_of(second) }
                    keys.read = file:seek()
                end
            end
            file:close()
        end
    end
    return keys.lines[ephemeral]
end

function proto.init()
    links = {}
    keys = { read = 0, lines = {} }
end

local function new_link(port)
    return { port = port, pieces = {}, calls = {}, initiator = { phase = "preface", records = 0 }, responder = { phase = "message 2", records = 0 } }
end

-- What the piece at `offset` of this packet is; decided once.
local function piece_at(link, side, number, offset)
    local pieces = link.pieces
    local name = side .. number .. ":" .. offset
    local piece = pieces[name]
    if not piece then
        piece = { phase = link[side].phase }
        pieces[name] = piece
    end
    return piece
end

local next_phase = { preface = "message 3", ["message 2"] = "record", ["message 3"] = "record", record = "record" }

-- How long a piece is as far as the bytes here tell; nil if they do not.
local function piece_length(phase, range)
    local left = range:len()
    if phase == "preface" then
        if left < 8 then return nil end
        local start = 8 + (registry.clear_bytes[range(6, 1):uint()] or 0)
        if left < start + 2 then return nil end
        return start + 2 + range(start, 2):uint() + registry.mac1
    end
    if left < 2 then return nil end
    return 2 + range(0, 2):uint()
end

-- The plaintext of the next record of a direction; nil without its key.
local function open_record(link, side, sealed)
    local direction = link[side]
    local number = direction.records
    direction.records = number + 1
    local found = link.ephemeral and find_keys(link.ephemeral)
    if not found or not cipher.knows(found.suite) then return number, nil end
    local key = direction.key or found[side]
    local plain = cipher.open(found.suite, key, number, sealed)
    direction.key = direction.records % registry.rekey_interval == 0 and cipher.rekey(found.suite, key) or key
    return number, plain
end

-- Frames --------------------------------------------------------------------------------------------------------------------

local function add_code(tree, range)
    local code = range:uint()
    tree:add(f.code, range)
    tree:add(f.not_processed, range, code >= registry.not_processed)
    tree:add(f.name, range, registry.errors[code % registry.not_processed] or "unknown")
end

-- Returns the method of the mesh that the head calls, if it does.
local function add_head(tree, range)
    local at, method = 0, nil
    while at + 4 <= range:len() do
        local kind, length = range(at, 2):uint(), range(at + 2, 2):uint()
        if at + 4 + length > range:len() then break end
        local field = head_fields[kind]
        if not field or length == 0 then
            tree:add(f.tlv, range(at, 2))
        elseif registry.head[kind].name == "fields" then
            local list, inner, texts = range(at + 4, length), 0, {}
            while inner + 2 <= length do
                local size = list(inner, 2):uint()
                if inner + 2 + size > length then break end
                texts[#texts + 1] = size > 0 and list(inner + 2, size):string() or ""
                inner = inner + 2 + size
            end
            for index = 1, #texts - 1, 2 do tree:add(f.header_field, list, texts[index] .. ": " .. texts[index + 1]) end
        else
            tree:add(field, range(at + 4, length))
            if registry.head[kind].name == "method" then method = range(at + 4, length):string() end
        end
        at = at + 4 + length
    end
    if at ~= range:len() then tree:add_proto_expert_info(malformed) end
    return method
end

-- Returns the bytes of the body.
local function add_data(tree, range, flags)
    local body = range
    if bit32.band(flags, registry.flag.LZ4) ~= 0 then
        local raw = range:len() > 2 and lz4(range(2):bytes():raw(), range(0, 2):uint())
        if not raw then return tree:add_proto_expert_info(malformed) and nil end
        tree:add(f.raw_size, range(0, 2))
        body = ByteArray.new(raw, true):tvb("Decompressed")()
    end
    tree:add(f.data, body)
    return body
end

-- How the payload of each type is shown, and how short it may be. `call` is what is known of the frame's stream.
local shown = {
    DATA = { 0, function(tree, range, flags, call)
        local body = add_data(tree, range, flags)
        if body and call.method then show_message(tree, call.method, call.isAnswer, body) end
    end },
    HEAD = { 0, function(tree, range, _, call) call.method = add_head(tree, range) or call.method end },
    WINDOW = { 8, function(tree, range) tree:add(f.credit, range(0, 8)) end },
    MAX_STREAMS = { 4, function(tree, range) tree:add(f.streams, range(0, 4)) end },
    STOP = { 2, function(tree, range) add_code(tree, range(0, 2)) end },
    RESET = { 6, function(tree, range)
        add_code(tree, range(0, 2))
        tree:add(f.retry, range(2, 4))
        if range:len() > 6 then tree:add(f.reason, range(6)) end
    end },
    PING = { 8, function(tree, range) tree:add(f.ping, range(0, 8)) end },
    PONG = { 8, function(tree, range) tree:add(f.ping, range(0, 8)) end },
    GOAWAY = { 6, function(tree, range)
        tree:add(f.last, range(0, 4))
        add_code(tree, range(4, 2))
        if range:len() > 6 then tree:add(f.reason, range(6)) end
    end },
}

-- Adds the frames of a record and returns their names, for the packet list.
local function add_frames(tree, plain, link, side)
    local names, at = {}, 0
    while at + 8 <= plain:len() do
        local length = plain(at, 2):uint()
        local kind, flags, stream = plain(at + 2, 1):uint(), plain(at + 3, 1):uint(), plain(at + 4, 4):uint()
        if at + 8 + length > plain:len() then break end
        local name = registry.frames[kind] or ("type 0x%02x"):format(kind)
        local frame = tree:add(proto, plain(at, 8 + length), ("%s, stream %d, %d bytes"):format(name, stream, length))
        frame:add(f.frame_length, plain(at, 2))
        frame:add(f.frame_type, plain(at + 2, 1))
        local bits = frame:add(f.frame_flags, plain(at + 3, 1))
        for _, field in ipairs(flag_fields) do bits:add(field, plain(at + 3, 1)) end
        frame:add(f.stream, plain(at + 4, 4))
        local show = shown[name]
        if not show then
            frame:add_proto_expert_info(unknown_frame)
        elseif length < show[1] then
            frame:add_proto_expert_info(malformed)
        elseif length > 0 then
            local call = link.calls[stream] or {}
            link.calls[stream] = call
            call.isAnswer = (stream % 2 == 1) ~= (side == "initiator")
            show[2](frame, plain(at + 8, length), flags, call)
        end
        names[#names + 1] = stream > 0 and name .. "[" .. stream .. "]" or name
        at = at + 8 + length
    end
    if at ~= plain:len() then tree:add_proto_expert_info(malformed) end
    return table.concat(names, " ")
end

-- Pieces --------------------------------------------------------------------------------------------------------------------

local function add_preface(tree, range, link)
    tree:add(f.magic, range(0, 4))
    tree:add(f.major, range(4, 1))
    tree:add(f.suite, range(5, 1))
    tree:add(f.pattern, range(6, 1))
    tree:add(f.preface_flags, range(7, 1))
    local start = 8 + (registry.clear_bytes[range(6, 1):uint()] or 0)
    if start > 8 then tree:add(f.token, range(8, start - 8)) end
    local length = range(start, 2):uint()
    tree:add(f.handshake, 1):set_generated()
    tree:add(f.length, range(start, 2))
    if length >= 32 then
        tree:add(f.ephemeral, range(start + 2, 32))
        link.ephemeral = range(start + 2, 32):bytes():raw()
    end
    if length > 32 then tree:add(f.sealed, range(start + 34, length - 32)) end
    tree:add(f.mac1, range(start + 2 + length, registry.mac1))
    return "Preface, message 1"
end

local function add_message(tree, range, phase)
    tree:add(f.handshake, tonumber(phase:sub(-1))):set_generated()
    tree:add(f.length, range(0, 2))
    local start = 2
    if phase == "message 2" and range:len() >= 34 then
        tree:add(f.ephemeral, range(2, 32))
        start = 34
    end
    if range:len() > start then tree:add(f.sealed, range(start)) end
    return "M" .. phase:sub(2)
end

local function add_record(tree, range, link, side, piece)
    if not piece.number then
        local sealed = range:len() > 2 and range(2):bytes():raw() or ""
        piece.number, piece.plain = open_record(link, side, sealed)
    end
    tree:add(f.record, UInt64(piece.number % 2 ^ 32, math.floor(piece.number / 2 ^ 32))):set_generated()
    tree:add(f.length, range(0, 2))
    if range:len() > 2 then tree:add(f.sealed, range(2)) end
    if not piece.plain then
        tree:add_proto_expert_info(no_key)
        return "Record"
    end
    if #piece.plain == 0 then return "Empty record" end
    local plain = ByteArray.new(piece.plain, true):tvb("Record " .. piece.number)()
    tree:add(f.plaintext, plain)
    return add_frames(tree, plain, link, side)
end

local function add_piece(tree, range, link, side, piece)
    local title = piece.phase == "record" and "Record" or piece.phase == "preface" and "Preface, message 1" or "M" .. piece.phase:sub(2)
    local subtree = tree:add(proto, range, "Wiremesh " .. title .. " of the " .. side)
    if piece.phase == "preface" then return add_preface(subtree, range, link) end
    if piece.phase ~= "record" then return add_message(subtree, range, piece.phase) end
    return add_record(subtree, range, link, side, piece)
end

function proto.dissector(buffer, pinfo, tree)
    local id, port = tcp_stream().value, source_port().value
    local link = links[id]
    if not link then
        if buffer:len() < 4 or buffer(0, 4):string() ~= registry.magic then return 0 end
        link = new_link(port)
        links[id] = link
    end
    local side = link.port == port and "initiator" or "responder"
    pinfo.cols.protocol = "WM/1"
    local offset, shown_pieces = 0, {}
    while offset < buffer:len() do
        local piece = piece_at(link, side, pinfo.number, offset)
        local rest = buffer(offset)
        local length = piece_length(piece.phase, rest)
        if not length or length > rest:len() then
            pinfo.desegment_offset = offset
            pinfo.desegment_len = length and length - rest:len() or DESEGMENT_ONE_MORE_SEGMENT
            break
        end
        shown_pieces[#shown_pieces + 1] = add_piece(tree, rest(0, length), link, side, piece)
        if not piece.isDone then
            piece.isDone = true
            link[side].phase = next_phase[piece.phase]
        end
        offset = offset + length
    end
    if #shown_pieces > 0 then pinfo.cols.info = table.concat(shown_pieces, ", ") end
    return buffer:len()
end

local function heuristic(buffer, pinfo, tree)
    local known = links[tcp_stream().value]
    if not known and (buffer:len() < 8 or buffer(0, 4):string() ~= registry.magic) then return false end
    proto.dissector(buffer, pinfo, tree)
    pinfo.conversation = proto
    return true
end

proto:register_heuristic("tcp", heuristic)
for _, default in ipairs(registry.ports) do DissectorTable.get("tcp.port"):add(default, proto) end
