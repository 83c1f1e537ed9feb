internal import Coordinator
internal import Wire

extension HTTPRegistration {
    /// What the body of a registration says, as far as its fields fit.
    init(_ fields: inout FieldReader) {
        self.init(workerID: fields.text("worker_id"), tunnelURL: fields.text("tunnel_url"))
        for member in fields.map("capabilities") { capabilities[member.name] = CapabilityValue(member.value) }
        let list = fields.optionalMaps("services")
        services = Self.names(list ?? [], mayAssign: fields.optionalFlag("assign") ?? true)
        servicesJSON = list.map { JSONValue.array($0).encoded }
        containersJSON = fields.optionalMaps("containers").map { JSONValue.array($0).encoded }
        vpnIP = fields.optionalText("vpn_ip")
        region = fields.optionalText("region")
        zone = fields.optionalText("zone")
    }

    /// The names in a list of services; `nil` where it names none and the coordinator may choose.
    private static func names(_ services: [JSONValue], mayAssign: Bool) -> [String]? {
        var names: [String] = []
        for service in services {
            if let name = service["name"]?.text ?? service["service"]?.text, !names.contains(name) { names.append(name) }
        }
        return names.isEmpty && mayAssign ? nil : names
    }
}

extension HTTPHeartbeat {
    /// What the body of a heartbeat says, as far as its fields fit.
    init(_ fields: inout FieldReader) {
        self.init(workerID: fields.text("worker_id"))
        status = fields.optionalText("status")
        currentLoad = fields.optionalNumber("current_load")
        availableMemory = fields.optionalAmount("available_memory").map { CapabilityValue($0) }
        loadedModelsJSON = fields.optionalTexts("loaded_models").map { JSONValue.array($0.map { .string($0) }).encoded }
        activeRequests = fields.optionalInteger("active_requests")
        gpuUtilization = fields.optionalNumber("gpu_utilization")
        servicesStatusJSON = fields.optionalMap("services_status").map { JSONValue.object($0).encoded }
        specialization = fields.optionalText("specialization").map { .text($0) }
    }
}
