package attolytics;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.schema.App;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** One package a stage and a concern, imports one way. */
class ArchitectureTest {
  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("attolytics");

  @Test
  void stages_importOneWay() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("cli")
        .definedBy("attolytics.cli")
        .layer("app")
        .definedBy("attolytics.app")
        .layer("http")
        .definedBy("attolytics.http")
        .layer("http.body")
        .definedBy("attolytics.http.body")
        .layer("http.server")
        .definedBy("attolytics.http.server")
        .layer("http.problem")
        .definedBy("attolytics.http.problem")
        .layer("admin")
        .definedBy("attolytics.admin")
        .layer("flush")
        .definedBy("attolytics.flush..")
        .layer("quarantine")
        .definedBy("attolytics.quarantine")
        .layer("embedded")
        .definedBy("attolytics.embedded")
        .layer("decode")
        .definedBy("attolytics.decode")
        .layer("buffer")
        .definedBy("attolytics.buffer")
        .layer("database")
        .definedBy("attolytics.database..")
        .layer("schema.yaml")
        .definedBy("attolytics.schema.yaml")
        .layer("schema")
        .definedBy("attolytics.schema")
        .layer("encoding")
        .definedBy("attolytics.encoding")
        .layer("settings")
        .definedBy("attolytics.settings")
        .layer("logging")
        .definedBy("attolytics.logging")
        .layer("recent")
        .definedBy("attolytics.recent")
        .layer("metrics")
        .definedBy("attolytics.metrics")
        .whereLayer("cli")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("app")
        .mayOnlyBeAccessedByLayers("cli")
        .whereLayer("http")
        .mayOnlyBeAccessedByLayers("app")
        .whereLayer("http.body")
        .mayOnlyBeAccessedByLayers("http")
        .whereLayer("http.server")
        .mayOnlyBeAccessedByLayers("app", "http", "http.body")
        .whereLayer("http.problem")
        .mayOnlyBeAccessedByLayers("http", "http.body", "http.server")
        .whereLayer("admin")
        .mayOnlyBeAccessedByLayers("app")
        .whereLayer("quarantine")
        .mayOnlyBeAccessedByLayers("cli", "app")
        .whereLayer("embedded")
        .mayOnlyBeAccessedByLayers("cli", "app")
        .whereLayer("flush")
        .mayOnlyBeAccessedByLayers("cli", "app", "quarantine")
        .whereLayer("decode")
        .mayOnlyBeAccessedByLayers("http", "http.problem", "quarantine")
        .whereLayer("buffer")
        .mayOnlyBeAccessedByLayers(
            "app", "http", "http.body", "http.problem", "decode", "flush", "quarantine")
        .whereLayer("database")
        .mayOnlyBeAccessedByLayers("cli", "app", "flush", "quarantine")
        .whereLayer("schema.yaml")
        .mayOnlyBeAccessedByLayers("cli", "app")
        .whereLayer("schema")
        .mayOnlyBeAccessedByLayers(
            "cli",
            "app",
            "http",
            "flush",
            "quarantine",
            "decode",
            "buffer",
            "database",
            "schema.yaml")
        .whereLayer("encoding")
        .mayOnlyBeAccessedByLayers("http", "decode", "buffer", "flush", "quarantine", "schema")
        .whereLayer("settings")
        .mayNotAccessAnyLayer()
        .whereLayer("metrics")
        .mayNotAccessAnyLayer()
        .whereLayer("logging")
        .mayOnlyAccessLayers("settings")
        .whereLayer("recent")
        .mayOnlyAccessLayers("logging")
        .check(classes);
  }

  @Test
  void packages_haveNoCycles() {
    slices().matching("attolytics.(**)").should().beFreeOfCycles().check(classes);
  }

  @Test
  void simulator_importsOneWay() {
    JavaClasses simulator = new ClassFileImporter().importPackages("attolytics.simulate");
    List<String> fromTheTop =
        List.of(
            "attolytics.simulate",
            "attolytics.simulate.instance",
            "attolytics.simulate.oracle",
            "attolytics.simulate.server",
            "attolytics.simulate.plan",
            "attolytics.simulate.workload",
            "attolytics.simulate.runtime");
    for (int i = 1; i < fromTheTop.size(); i++) {
      noClasses()
          .that()
          .resideInAPackage(fromTheTop.get(i))
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(fromTheTop.subList(0, i).toArray(String[]::new))
          .check(simulator);
    }
  }

  @Test
  void databaseClasses_haveNoCycles() {
    slices()
        .assignedFrom(
            new SliceAssignment() {
              @Override
              public SliceIdentifier getIdentifierOf(JavaClass type) {
                return type.getPackageName().startsWith("attolytics.database")
                    ? SliceIdentifier.of(topLevelName(type))
                    : SliceIdentifier.ignore();
              }

              @Override
              public String getDescription() {
                return "classes of database";
              }
            })
        .should()
        .beFreeOfCycles()
        .check(classes);
  }

  private static String topLevelName(JavaClass type) {
    return type.getEnclosingClass().map(ArchitectureTest::topLevelName).orElse(type.getName());
  }

  /** A new version of Undertow can change them. */
  @Test
  void undertowsInternals_areUsedByHttpServerOnly() {
    noClasses()
        .that()
        .resideOutsideOfPackage("attolytics.http.server")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("io.undertow.server.Connectors")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("io.undertow.server.protocol.http.HttpServerConnection")
        .orShould()
        .dependOnClassesThat()
        .resideInAnyPackage("io.undertow.conduits", "org.xnio.conduits", "org.xnio.nio")
        .check(classes);
  }

  /** How long a comparison takes cannot be tested; by what keys are compared can. */
  @Test
  void secretKeys_areComparedInConstantTime() {
    Set<String> called =
        classes.get(App.class).getMethod("accepts", String.class).getMethodCallsFromSelf().stream()
            .map(JavaMethodCall::getName)
            .collect(Collectors.toSet());
    assertTrue(called.remove("isEqual")); // of MessageDigest
    assertEquals(Set.of("getBytes", "iterator", "hasNext", "next"), called);
  }
}
