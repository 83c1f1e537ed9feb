-- Enough of JSON (RFC 8259) to read registry.json: a file of ours, not hostile input.
return function(text)
    local at = 1
    local value

    local function skip() at = text:find("[^ \t\r\n]", at) or #text + 1 end

    local function take(character)
        skip()
        if text:sub(at, at) ~= character then return false end
        at = at + 1
        return true
    end

    local function must(character)
        if not take(character) then error("registry.json: '" .. character .. "' expected at byte " .. at) end
    end

    local escapes = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

    local function string_value()
        must('"')
        local out = {}
        while true do
            local stop = text:find('["\\]', at) or error("registry.json: a string without an end")
            out[#out + 1] = text:sub(at, stop - 1)
            at = stop + 1
            if text:sub(stop, stop) == '"' then return table.concat(out) end
            local escape = text:sub(at, at)
            at = at + 1
            if escape == "u" then
                out[#out + 1] = string.char(tonumber(text:sub(at + 2, at + 3), 16))
                at = at + 4
            else
                out[#out + 1] = escapes[escape] or escape
            end
        end
    end

    local function list()
        local out = {}
        must("[")
        if take("]") then return out end
        repeat out[#out + 1] = value() until not take(",")
        must("]")
        return out
    end

    local function object()
        local out = {}
        must("{")
        if take("}") then return out end
        repeat
            local name = string_value()
            must(":")
            out[name] = value()
        until not take(",")
        must("}")
        return out
    end

    function value()
        skip()
        local first = text:sub(at, at)
        if first == "{" then return object() end
        if first == "[" then return list() end
        if first == '"' then return string_value() end
        local word = text:match("^[%w.+-]+", at) or error("registry.json: a value expected at byte " .. at)
        at = at + #word
        if word == "true" then return true end
        if word == "false" then return false end
        if word == "null" then return nil end
        return tonumber(word) or error("registry.json: '" .. word .. "' is no value")
    end

    local function whole()
        skip()
        return value()
    end

    return whole()
end
