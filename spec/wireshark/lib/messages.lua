-- The mesh's own messages (10-messages.md), field by field as registry.json describes them.
return function(registry, fields)
    local show_fields

    -- One value by its encoding; what has no shape of its own is shown as bytes.
    local function show_value(tree, name, encoding, range)
        local inner = encoding:match("^tlv:(%w+)$")
        if inner then return show_fields(tree:add(fields.message, range, inner):set_text(name .. ": " .. inner), inner, range) end
        local shown
        if encoding:match("^u%d+$") or encoding == "flag" or encoding:match("^enum:") or encoding:match("^bits:") then
            shown = range:len() <= 4 and tostring(range:uint()) or range:len() == 8 and tostring(range:uint64()) or nil
        elseif encoding == "text" or encoding == "name" or encoding == "endpoint" or encoding == "url" then
            shown = range:string()
        end
        tree:add(fields.message_field, range, name .. ": " .. (shown or range:bytes():tohex(true)))
    end

    -- The elements of a list, each behind its u16 length. False where they do not fill it.
    local function show_list(tree, name, encoding, range)
        local at = 0
        while at + 2 <= range:len() do
            local length = range(at, 2):uint()
            if at + 2 + length > range:len() then return false end
            if length > 0 then show_value(tree, name, encoding, range(at + 2, length)) end
            at = at + 2 + length
        end
        return at == range:len()
    end

    -- The fields of a message, false where the bytes are not one.
    function show_fields(tree, message, range)
        local known, at = registry.messages[message] or {}, 0
        while at + 4 <= range:len() do
            local kind, length = range(at, 2):uint(), range(at + 2, 2):uint()
            if at + 4 + length > range:len() then return false end
            local field = known[kind]
            if length > 0 then
                local value, element = range(at + 4, length), field and field.encoding:match("^list of (.+)$")
                if not field then
                    tree:add(fields.tlv, range(at, 2))
                elseif element then
                    if not show_list(tree, field.name, element, value) then return false end
                else
                    show_value(tree, field.name, field.encoding, value)
                end
            end
            at = at + 4 + length
        end
        return at == range:len()
    end

    -- Messages one after the other, each behind its u32 length; the rest of one that goes on in a later frame is left as bytes.
    local function show_sequence(tree, first, others, range)
        local at, name = 0, first
        while at + 4 <= range:len() do
            local length = range(at, 4):uint()
            if at + 4 + length > range:len() then return end
            if length > 0 then
                local message = tree:add(fields.message, range(at + 4, length), name)
                show_fields(message, name, range(at + 4, length))
            end
            at, name = at + 4 + length, others
        end
    end

    -- What one DATA frame of a call of `method` holds. A message that is spread over several frames stays bytes.
    return function(tree, method, isAnswer, range)
        local call = registry.methods[method]
        local shape = call and (isAnswer and call.answer or call.request)
        if not shape then return end
        local first, others = shape:match("^sequence: (%w+), then an? (%w+)")
        first = first or shape:match("^sequence of (%w+)")
        if first then return show_sequence(tree, first, others or first, range) end
        if registry.messages[shape] then show_fields(tree:add(fields.message, range, shape), shape, range) end
    end
end
