internal import Coordinator
internal import Wire

/// A worker's full record, as `GET /api/coordinator/workers` and `GET /api/admin/workers` give it.
struct WorkerJSON {
    let view: WorkerView
    let tunnelURL: String
    /// Requests that the coordinator's proxy sent to it and that were answered whole.
    let tasksCompleted: UInt64
    /// Round trip from the coordinator, where it was measured.
    let latency: Duration?

    /// The members of the record, without the braces.
    func writeMembers(to json: inout JSONWriter) {
        json.field("worker_id", view.record.name)
        json.field("tunnel_url", tunnelURL)
        json.field("vpn_ip", view.registration?.vpnIP)
        json.field("capabilities", view.record.capabilities)
        json.field("worker_type", view.workerType.rawValue)
        json.field("tier", view.tier)
        json.field("assigned_services", view.assignedServices)
        writeServices(to: &json)
        json.name("containers")
        json.fragment(view.registration?.containersJSON, otherwise: "[]")
        json.field("registered_at", WallTime(microseconds: view.registeredAt))
        json.field("last_heartbeat", WallTime(microseconds: view.lastHeartbeat))
        json.field("status", view.status)
        json.field("tasks_completed", tasksCompleted)
        json.field("current_load", view.currentLoad)
        json.field("available_memory", view.heartbeat?.availableMemory)
        json.name("loaded_models")
        json.fragment(view.heartbeat?.loadedModelsJSON, otherwise: "[]")
        json.field("active_requests", view.activeRequests)
        json.field("gpu_utilization", view.heartbeat?.gpuUtilization)
        json.name("services_status")
        writeServicesStatus(to: &json)
        json.field("specialization", view.heartbeat?.specialization)
        json.field("location") { (json: inout JSONWriter) in view.record.writeLocation(latency: latency, to: &json) }
        json.field("reachable", view.reachable)
    }

    /// As an HTTP worker gave them, or what a worker says over its link.
    private func writeServices(to json: inout JSONWriter) {
        json.name("services")
        if view.isHTTPOnly {
            json.fragment(view.registration?.servicesJSON, otherwise: "[]")
            return
        }
        json.array(view.record.services) { json, service in
            json.object { json in
                json.field("name", service.name)
                json.field("healthy", service.healthy)
                json.field("limit", service.limit)
            }
        }
    }

    private func writeServicesStatus(to json: inout JSONWriter) {
        if let said = view.heartbeat?.servicesStatusJSON {
            json.fragment(said, otherwise: "{}")
            return
        }
        json.object { json in
            for service in view.record.services {
                json.name(service.name)
                json.string(service.healthy ? "healthy" : "unhealthy")
            }
        }
    }
}

extension WorkerRecord {
    /// The members of `location`: where the worker says it is, and the round trip from the coordinator to it.
    func writeLocation(latency: Duration?, to json: inout JSONWriter) {
        json.field("region", region)
        json.field("latency_ms", latency.map { Double($0.wholeNanoseconds / 1_000) / 1_000 })
    }
}

extension JSONWriter {
    /// Writes a fragment that was valid JSON when it came.
    fileprivate mutating func fragment(_ json: String?, otherwise fallback: String) { raw(json ?? fallback) }
}
