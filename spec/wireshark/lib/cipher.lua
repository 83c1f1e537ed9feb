-- The keystreams of the two suites, enough to read a record whose key is known. Tags are not verified: a wrong key shows as frames
-- that make no sense. ChaCha20 is RFC 8439, AES is FIPS 197, the counters are those of the AEADs (RFC 8439 2.8, NIST SP 800-38D).
local unpack = unpack or table.unpack
local band, bxor, rol, ror, rshift, lshift = bit32.band, bit32.bxor, bit32.lrotate, bit32.rrotate, bit32.rshift, bit32.lshift
local char, byte = string.char, string.byte

local function word_le(text, at)
    local a, b, c, d = byte(text, at, at + 3)
    return a + b * 0x100 + c * 0x10000 + d * 0x1000000
end

local function word_be(text, at)
    local a, b, c, d = byte(text, at, at + 3)
    return a * 0x1000000 + b * 0x10000 + c * 0x100 + d
end

local function bytes_le(word) return char(band(word, 255), band(rshift(word, 8), 255), band(rshift(word, 16), 255), rshift(word, 24)) end
local function bytes_be(word) return char(rshift(word, 24), band(rshift(word, 16), 255), band(rshift(word, 8), 255), band(word, 255)) end

-- ChaCha20 ------------------------------------------------------------------------------------------------------------------

local function quarter(x, a, b, c, d)
    local xa, xb, xc, xd = x[a], x[b], x[c], x[d]
    xa = band(xa + xb, 0xFFFFFFFF); xd = rol(bxor(xd, xa), 16)
    xc = band(xc + xd, 0xFFFFFFFF); xb = rol(bxor(xb, xc), 12)
    xa = band(xa + xb, 0xFFFFFFFF); xd = rol(bxor(xd, xa), 8)
    xc = band(xc + xd, 0xFFFFFFFF); xb = rol(bxor(xb, xc), 7)
    x[a], x[b], x[c], x[d] = xa, xb, xc, xd
end

local function chacha_stream(key)
    local words = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 }
    for index = 0, 7 do words[5 + index] = word_le(key, 1 + 4 * index) end
    -- Block 0 makes the tag's key, so text begins at block 1.
    return function(high, low, block)
        local start = { unpack(words) }
        start[13], start[14], start[15], start[16] = block + 1, 0, low, high
        local x = { unpack(start) }
        for _ = 1, 10 do
            quarter(x, 1, 5, 9, 13); quarter(x, 2, 6, 10, 14); quarter(x, 3, 7, 11, 15); quarter(x, 4, 8, 12, 16)
            quarter(x, 1, 6, 11, 16); quarter(x, 2, 7, 12, 13); quarter(x, 3, 8, 9, 14); quarter(x, 4, 5, 10, 15)
        end
        local out = {}
        for index = 1, 16 do out[index] = bytes_le(band(x[index] + start[index], 0xFFFFFFFF)) end
        return table.concat(out)
    end, 64
end

-- AES-256 in counter mode ---------------------------------------------------------------------------------------------------

local sbox, table0 = {}, {}
do
    -- The multiplicative inverse by way of powers of the generator 3, then the affine map.
    local power, log, value = {}, {}, 1
    local function double(v) return v < 128 and v * 2 or bxor(v * 2, 0x11B) end
    for exponent = 0, 254 do
        power[exponent], log[value] = value, exponent
        value = bxor(value, double(value))
    end
    for v = 0, 255 do
        local inverse = v == 0 and 0 or power[(255 - log[v]) % 255]
        local s, turned = inverse, inverse
        for _ = 1, 4 do
            turned = band(bxor(lshift(turned, 1), rshift(turned, 7)), 255)
            s = bxor(s, turned)
        end
        s = bxor(s, 0x63)
        sbox[v] = s
        local two = double(s)
        table0[v] = two * 0x1000000 + s * 0x10000 + s * 0x100 + bxor(two, s)
    end
end

local function substitute(word)
    return sbox[rshift(word, 24)] * 0x1000000 + sbox[band(rshift(word, 16), 255)] * 0x10000
        + sbox[band(rshift(word, 8), 255)] * 0x100 + sbox[band(word, 255)]
end

local function aes_schedule(key)
    local w, constant = {}, 1
    for index = 0, 7 do w[index] = word_be(key, 1 + 4 * index) end
    for index = 8, 59 do
        local word = w[index - 1]
        if index % 8 == 0 then
            word = bxor(substitute(rol(word, 8)), constant * 0x1000000)
            constant = constant * 2
        elseif index % 8 == 4 then
            word = substitute(word)
        end
        w[index] = bxor(w[index - 8], word)
    end
    return w
end

local function aes_block(w, a, b, c, d)
    a, b, c, d = bxor(a, w[0]), bxor(b, w[1]), bxor(c, w[2]), bxor(d, w[3])
    local function mix(p, q, r, s, key)
        return bxor(table0[rshift(p, 24)], ror(table0[band(rshift(q, 16), 255)], 8), ror(table0[band(rshift(r, 8), 255)], 16),
            ror(table0[band(s, 255)], 24), key)
    end
    local function last(p, q, r, s, key)
        return bxor(sbox[rshift(p, 24)] * 0x1000000 + sbox[band(rshift(q, 16), 255)] * 0x10000
            + sbox[band(rshift(r, 8), 255)] * 0x100 + sbox[band(s, 255)], key)
    end
    for round = 1, 13 do
        local k = 4 * round
        a, b, c, d = mix(a, b, c, d, w[k]), mix(b, c, d, a, w[k + 1]), mix(c, d, a, b, w[k + 2]), mix(d, a, b, c, w[k + 3])
    end
    return last(a, b, c, d, w[56]), last(b, c, d, a, w[57]), last(c, d, a, b, w[58]), last(d, a, b, c, w[59])
end

local function aes_stream(key)
    local schedule = aes_schedule(key)
    -- Counter 1 makes the tag, so text begins at 2.
    return function(high, low, block)
        local a, b, c, d = aes_block(schedule, 0, high, low, block + 2)
        return bytes_be(a) .. bytes_be(b) .. bytes_be(c) .. bytes_be(d)
    end, 16
end

-- Both ----------------------------------------------------------------------------------------------------------------------

local streams = { [1] = chacha_stream, [2] = aes_stream }
local cipher = {}

-- Setting up a key costs more than a small record, and each key opens many.
local prepared = setmetatable({}, { __mode = "v" })

local function prepare(suite, key)
    local name = suite .. key
    local found = prepared[name]
    if not found then
        local block, size = streams[suite](key)
        found = { block = block, size = size }
        prepared[name] = found
    end
    return found
end

-- `text` under the key and Noise's nonce, whose two halves are `high` and `low`: 32 zero bits stand before them.
local function apply(suite, key, high, low, text)
    local stream_of = prepare(suite, key)
    local block, size = stream_of.block, stream_of.size
    local out = {}
    for start = 1, #text, size do
        local stream = block(high, low, (start - 1) / size)
        local piece = {}
        for index = start, math.min(start + size - 1, #text) do
            piece[#piece + 1] = char(bxor(byte(text, index), byte(stream, index - start + 1)))
        end
        out[#out + 1] = table.concat(piece)
    end
    return table.concat(out)
end

-- The plaintext of a record, which is `number` records after the first of its direction.
function cipher.open(suite, key, number, record)
    return apply(suite, key, math.floor(number / 2 ^ 32), number % 2 ^ 32, record:sub(1, -17))
end

-- Noise's Rekey(): the first 32 bytes of what the last nonce makes of zeros.
function cipher.rekey(suite, key) return apply(suite, key, 0xFFFFFFFF, 0xFFFFFFFF, ("\0"):rep(32)) end

function cipher.knows(suite) return streams[suite] ~= nil end

return cipher
