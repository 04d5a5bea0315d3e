package io.silkstone.simulation.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.simulation.settings.Range;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventTest {
    private static final long MILLI = 1_000_000;

    private static Event read(String sentence) {
        return Event.FORM.read("at", sentence);
    }

    @Test
    void read_everythingIsSaid_isUnderstood() {
        Event event = read("cut  client 1 from server 2 for 500 ms");
        assertThat(event.kind()).isEqualTo(EventKind.CUT);
        assertThat(event.whom()).isEqualTo(new Whom(Whom.Sort.CLIENT, 1));
        assertThat(event.from()).contains(new Whom(Whom.Sort.SERVER, 2));
        assertThat(event.time()).contains(new Range(500 * MILLI, 500 * MILLI));
        assertThat(event.text()).isEqualTo("cut client 1 from server 2 for 500 ms");
        assertThat(event.named())
                .containsExactlyInAnyOrder(
                        new Whom(Whom.Sort.CLIENT, 1), new Whom(Whom.Sort.SERVER, 2));
    }

    @Test
    void read_nothingIsSaid_isLeftToTheSeed() {
        assertThat(read("cut some server").from()).isEmpty();
        assertThat(read("cut some server").time()).isEmpty();
        assertThat(read("cut some server").named()).isEmpty();
        assertThat(read("kill coordinator").idle()).isEmpty();
        assertThat(read("assign some tablet").table()).isEmpty();
        assertThat(read("make passing table").count()).isEmpty();
    }

    @Test
    void read_partsOfOtherKinds() {
        assertThat(read("kill coordinator idle for 1..2 s").idle()).contains(true);
        assertThat(read("kill coordinator writing").idle()).contains(false);
        assertThat(read("pause somebody").whom().sort()).isEqualTo(Whom.Sort.SOMEBODY);
        assertThat(read("cut coordinator from clients").from())
                .contains(new Whom(Whom.Sort.CLIENTS, Whom.SOME));
        assertThat(read("split some tablet of passing at slot 7").slot()).contains(7);
        assertThat(read("assign some tablet of default to server 3").table()).contains("default");
        assertThat(read("make passing table of 0 tablets").count()).contains(0);
        assertThat(read("damage server 2").whom()).isEqualTo(new Whom(Whom.Sort.SERVER, 2));
    }

    @Test
    void read_stepOfAProtocol() {
        Event event = read("kill both at answer to TakeTablet for 5 ms");
        assertThat(event.kind()).isEqualTo(EventKind.KILL_AT);
        assertThat(event.party()).isEqualTo(Slot.Party.BOTH);
        assertThat(event.step()).isEqualTo("answer to TakeTablet");
        assertThat(event.time()).contains(new Range(5 * MILLI, 5 * MILLI));
        assertThat(read("cut sender at some recovery step").step()).isEqualTo("some recovery step");
    }

    @Test
    void steps_areMessagesOfTheSchema() {
        for (String step : Protocol.steps()) {
            assertThat(MessageKinds.names()).contains(Protocol.requestOf(step));
            assertThat(Protocol.meant(step, true)).containsExactly(step);
        }
        assertThat(Protocol.meant(Protocol.SOME, false))
                .contains("Pull", "answer to Pull")
                .doesNotContain("ReadReplica", "RecallTablet");
        assertThat(Protocol.meant(Protocol.SOME_OF_RECOVERY, false))
                .containsExactly("MigrationEnded", "answer to MigrationEnded");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "kill",
                "kill server",
                "kill server two",
                "kill servers",
                "kill server 1 for",
                "kill server 1 for 0 ms",
                "kill everybody",
                "cut everybody from server 1",
                "pause clients",
                "split some tablet at slot 0",
                "make passing table of 65 tablets",
                "Kill server 1",
                "kill server 1.",
                "kill both at Read",
                "kill both at some steps",
                "pause both at answer to MigrateTablet",
            })
    void read_anythingElse_isRefused(String sentence) {
        assertThatThrownBy(() -> read(sentence))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(" must be ")
                .hasMessageEndingWith(".");
    }

    /** Whoever adds a kind sees here that its slots are found. */
    @ParameterizedTest
    @EnumSource
    void form_namesItsSlots(EventKind kind) {
        Set<Slot> named = EnumSet.noneOf(Slot.class);
        List<String> words = List.of(kind.form().split("[^A-Z]+"));
        Arrays.stream(Slot.values())
                .filter(each -> words.contains(each.name()))
                .forEach(named::add);
        assertThat(kind.slots()).containsExactlyInAnyOrderElementsOf(named);
        assertThat(words.stream().filter(word -> !word.isEmpty())).hasSize(named.size());
    }
}
