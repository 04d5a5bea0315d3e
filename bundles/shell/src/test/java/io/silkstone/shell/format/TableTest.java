package io.silkstone.shell.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TableTest {
    private record City(String name, Integer people, double density) {}

    private static Table<City> cities(City... cities) {
        return Table.of(List.of(cities))
                .column("name", City::name)
                .column("people_now", City::people)
                .column("density", City::density);
    }

    @Test
    void text_ofRows_hasAHeaderAndNumbersToTheRight() {
        Table<City> table =
                cities(new City("Ulm", 126_000, 1061.5), new City("Köln", 1_073_000, 2650));
        assertThat(table.text())
                .isEqualTo(
                        """
                        NAME  PEOPLE NOW  DENSITY
                        Ulm       126000  1061.50
                        Köln     1073000  2650.00""");
    }

    @Test
    void text_withoutRows_isTheHeader() {
        assertThat(cities().text()).isEqualTo("NAME  PEOPLE NOW  DENSITY");
    }

    @Test
    void text_ofMissingValues_isADash() {
        assertThat(cities(new City("", null, 1)).text()).endsWith("\n-     -              1.00");
    }

    @Test
    void text_ofControlCharacters_hasNone() {
        assertThat(cities(new City("a\033[2J\nb", 1, 1)).text().lines()).hasSize(2);
        assertThat(cities(new City("a\033[2J", 1, 1)).text()).doesNotContain("\033");
    }

    @Test
    void text_withANote_endsWithIt() {
        assertThat(cities().note("That is all.").text()).endsWith("\nThat is all.");
    }

    @Test
    void rows_keepTheirTypes() {
        assertThat(cities(new City("Ulm", 3, 0.5)).rows())
                .containsExactly(Map.of("name", "Ulm", "people_now", 3, "density", 0.5));
    }

    @Test
    void detailsText_alignsValues() {
        Details details =
                Details.of()
                        .with("id", 7)
                        .with("started_at", Instant.ofEpochMilli(1_500))
                        .with("owner", null);
        assertThat(details.text())
                .isEqualTo(
                        """
                        id          7
                        started at  1970-01-01T00:00:01.500Z
                        owner       -""");
    }

    @Test
    void detailsText_withASentence_isTheSentence() {
        Details details = Details.of().with("id", 7).saying("Made number 7.");
        assertThat(details.text()).isEqualTo("Made number 7.");
        assertThat(details.data()).isEqualTo(Map.of("id", 7));
    }

    @Test
    void duration_picksItsUnit() {
        assertThat(List.of(999L, 1_500L, 2_250_000L, 61_000_000_000L))
                .map(Text::duration)
                .containsExactly("999 ns", "1.50 us", "2.25 ms", "61.00 s");
    }

    @Test
    void bytes_picksItsUnit() {
        assertThat(List.of(1023L, 1024L, 64L << 20, 3L << 40, 5L << 52))
                .map(Text::bytes)
                .containsExactly("1023 B", "1.00 KiB", "64.00 MiB", "3.00 TiB", "20480.00 TiB");
    }
}
