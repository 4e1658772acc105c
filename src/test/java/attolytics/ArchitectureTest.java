package attolytics;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import attolytics.schema.App;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** One package a stage, imports one way: {@code http → decode → buffer ← flush}. */
class ArchitectureTest {
  private final JavaClasses classes =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("attolytics");

  @Test
  void stages_importOneWay() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("app")
        .definedBy("attolytics.app")
        .layer("http")
        .definedBy("attolytics.http")
        .layer("decode")
        .definedBy("attolytics.decode")
        .layer("buffer")
        .definedBy("attolytics.buffer")
        .layer("flush")
        .definedBy("attolytics.flush")
        .layer("schema")
        .definedBy("attolytics.schema")
        .layer("json")
        .definedBy("attolytics.json")
        .layer("metrics")
        .definedBy("attolytics.metrics")
        .whereLayer("app")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("http")
        .mayOnlyBeAccessedByLayers("app")
        .whereLayer("flush")
        .mayOnlyBeAccessedByLayers("app")
        .whereLayer("decode")
        .mayOnlyBeAccessedByLayers("http")
        .whereLayer("buffer")
        .mayOnlyBeAccessedByLayers("app", "http", "decode", "flush")
        .whereLayer("schema")
        .mayOnlyBeAccessedByLayers("app", "http", "decode", "buffer", "flush")
        .whereLayer("json")
        .mayOnlyBeAccessedByLayers("decode", "schema")
        .whereLayer("metrics")
        .mayOnlyBeAccessedByLayers("app", "http", "flush")
        .check(classes);
  }

  @Test
  void packages_haveNoCycles() {
    slices().matching("attolytics.(*)..").should().beFreeOfCycles().check(classes);
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
