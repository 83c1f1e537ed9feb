import Testing
import Transport
import Wire
import Worker

@Suite struct LookupChainTests {
    static let tiers = [
        LookupChain.Tier(.dht, timeout: .seconds(1), isAuthoritative: false),
        LookupChain.Tier(.wire, timeout: .seconds(2), isAuthoritative: true),
        LookupChain.Tier(.http, timeout: .seconds(4), isAuthoritative: true),
    ]

    @Test func theFirstThatKnowsAnswers() {
        var chain = LookupChain(Self.tiers)
        expect(chain.start(), is: .ask(0))
        expect(chain.answered(answer([record("a")])), is: .settled(.found(.dht, answer([record("a")]))))
    }

    @Test func theDHTsNobodyIsNotTheLastWord() {
        var chain = LookupChain(Self.tiers)
        _ = chain.start()
        expect(chain.answered(answer([], known: false)), is: .ask(1))
        expect(chain.answered(answer([], known: true)), is: .settled(.nobody(.wire, known: true)))
    }

    @Test func failuresGoOnToTheNextTier() {
        var chain = LookupChain(Self.tiers)
        _ = chain.start()
        expect(chain.failed(CallError(.deadlineExceeded)), is: .ask(1))
        expect(chain.failed(CallError(.linkLost)), is: .ask(2))
        expect(chain.failed(CallError(.unreachable)), is: .settled(.failed(CallError(.unreachable))))
    }

    @Test func anEmptyAnswerOutlivesLaterFailures() {
        var chain = LookupChain(Self.tiers)
        _ = chain.start()
        _ = chain.answered(answer([], known: false))
        _ = chain.failed(CallError(.linkLost))
        expect(chain.failed(CallError(.unreachable)), is: .settled(.nobody(.dht, known: false)))
    }

    @Test func workersThatCannotBeRoutedToAreNobody() {
        var chain = LookupChain([Self.tiers[1]])
        _ = chain.start()
        let step = chain.answered(answer([record("a", state: .draining), record("b", state: .unreachable)]))
        #expect(step == .settled(.nobody(.wire, known: true)))
    }

    @Test func withoutTiersItFails() {
        var chain = LookupChain([])
        guard case .settled(.failed(let error)) = chain.start() else { return #expect(Bool(false)) }
        #expect(error.code == .unavailable)
    }
}
