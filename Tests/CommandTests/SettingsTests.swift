import Testing

@testable import wiremesh

@Suite struct SettingsTests {
    @Test func aFlagIsStrongerThanTheEnvironmentAndThatThanTheFile() throws {
        let file = try SettingsFile.parse("WIREMESH_HTTP=127.0.0.1:1\nWIREMESH_REGION=file\nWIREMESH_ZONE=file", path: "test")
        let settings = Settings(environment: ["WIREMESH_HTTP": "127.0.0.1:2", "WIREMESH_REGION": "environment"], file: file)
        #expect(settings.text("127.0.0.1:3", "http") == "127.0.0.1:3")
        #expect(settings.text(nil, "http") == "127.0.0.1:2")
        #expect(settings.text(nil, "region") == "environment")
        #expect(settings.text(nil, "zone") == "file")
        #expect(settings.text(nil, "data") == nil)
    }

    @Test func olderNamesStillWork() {
        let settings = Settings(environment: ["COORDINATOR_URL": "http://a", "WORKER_ID": "gpu-1"], file: [:])
        #expect(settings.text(nil, "coordinator") == "http://a")
        #expect(settings.text(nil, "coordinator-url") == "http://a")
        #expect(settings.text(nil, "name") == "gpu-1")
    }

    @Test func emptyIsNotGiven() {
        let settings = Settings(environment: ["WIREMESH_REGION": ""], file: ["WIREMESH_REGION": "file"])
        #expect(settings.text(nil, "region") == "file")
    }

    @Test func aValueThatDoesNotParseIsAFailureThatNamesItsOrigin() {
        let settings = Settings(environment: ["WIREMESH_HTTP": "nowhere"], file: [:])
        let failure = #expect(throws: Failure.self) {
            try settings.value(nil, "http", ListenAddress.wanted) { ListenAddress(argument: $0) }
        }
        #expect(failure?.code == 2)
        #expect(failure?.sentence.contains("WIREMESH_HTTP is 'nowhere'") == true)
    }

    @Test func repeatedOptionsAreCommaSeparated() {
        let settings = Settings(environment: ["WIREMESH_SERVICE": "a=http://x, b=http://y"], file: [:])
        #expect(settings.list([], "service") == ["a=http://x", "b=http://y"])
        #expect(settings.list(["c=http://z"], "service") == ["c=http://z"])
    }

    @Test(arguments: [("1", true), ("yes", true), ("true", true), ("0", false), ("no", false), ("false", false)])
    func switchesHaveWords(text: String, isOn: Bool) throws {
        let settings = Settings(environment: ["WIREMESH_INSECURE_HTTP": text], file: [:])
        #expect(try settings.isOn(false, "insecure-http") == isOn)
        #expect(try settings.isOn(true, "insecure-http"))
    }

    @Test func aSwitchThatIsNoneOfThemIsAFailure() {
        let settings = Settings(environment: ["WIREMESH_INSECURE_HTTP": "maybe"], file: [:])
        #expect(throws: Failure.self) { try settings.isOn(false, "insecure-http") }
    }

    @Test func theFileSkipsCommentsAndTakesQuotesOff() throws {
        let file = try SettingsFile.parse("# where\n\n WIREMESH_DATA = \"/var/lib/mesh\" \nWORKER_ID='a'\n", path: "test")
        #expect(file == ["WIREMESH_DATA": "/var/lib/mesh", "WORKER_ID": "a"])
    }

    @Test(arguments: ["WIREMESH_HTPT=127.0.0.1:1", "no equals sign"])
    func aLineThatIsNoSettingIsAFailureThatNamesTheLine(line: String) {
        let failure = #expect(throws: Failure.self) { try SettingsFile.parse("# one\n\(line)", path: "mesh.conf") }
        #expect(failure?.sentence.contains("Line 2 of mesh.conf") == true)
        #expect(failure?.code == 2)
    }
}
