(** * The norm ‖A‖ = Σ_ij |A_ij|

    Over every real field.  Every norm of matrices of one size is equivalent to it over the reals,
    and it is submultiplicative. *)

From mathcomp Require Import all_ssreflect all_algebra.
From Symgrad Require Import contraction.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Definition norm (R : realFieldType) m n (A : 'M[R]_(m, n)) : R := \sum_i \sum_j `|A i j|.

Section Norm.

Variable R : realFieldType.

Lemma norm_ge0 m n (A : 'M[R]_(m, n)) : 0 <= norm A.
Proof. by do 2!apply: sumr_ge0 => ? _. Qed.

Lemma norm_entry m n (A : 'M[R]_(m, n)) i j : `|A i j| <= norm A.
Proof.
rewrite /norm (bigD1 i) //= (bigD1 j) //= -addrA ler_addl addr_ge0 //; first exact: sumr_ge0.
by do 2!apply: sumr_ge0 => ? _.
Qed.

(** A matrix is small if all its entries are. *)
Lemma norm_le m n (A : 'M[R]_(m, n)) b : (forall i j, `|A i j| <= b) -> norm A <= b *+ (m * n).
Proof.
move=> le_b; rewrite mulnC mulrnA -[m in leRHS]card_ord -sumr_const; apply: ler_sum => i _.
by rewrite -[n in leRHS]card_ord -sumr_const; apply: ler_sum.
Qed.

Lemma norm_eq0 m n (A : 'M[R]_(m, n)) : norm A <= 0 -> A = 0.
Proof.
move=> le0; apply/matrixP=> i j; rewrite mxE; apply/eqP.
by rewrite -normr_le0 (le_trans (norm_entry A i j)).
Qed.

Lemma norm_0 m n : norm (0 : 'M[R]_(m, n)) = 0.
Proof. by do 2!apply: big1 => ? _; rewrite mxE normr0. Qed.

Lemma norm_tr m n (A : 'M[R]_(m, n)) : norm (A^T) = norm A.
Proof. by rewrite /norm exchange_big; do 2!apply: eq_bigr => ? _; rewrite mxE. Qed.

Lemma normN m n (A : 'M[R]_(m, n)) : norm (- A) = norm A.
Proof. by do 2!apply: eq_bigr => ? _; rewrite mxE normrN. Qed.

Lemma normZ m n a (A : 'M[R]_(m, n)) : norm (a *: A) = `|a| * norm A.
Proof.
rewrite mulr_sumr; apply: eq_bigr => i _; rewrite mulr_sumr.
by apply: eq_bigr => j _; rewrite mxE normrM.
Qed.

Lemma normD m n (A B : 'M[R]_(m, n)) : norm (A + B) <= norm A + norm B.
Proof.
rewrite /norm -big_split; apply: ler_sum => i _; rewrite -big_split.
by apply: ler_sum => j _; rewrite mxE ler_norm_add.
Qed.

Lemma normB m n (A B : 'M[R]_(m, n)) : norm (A - B) <= norm A + norm B.
Proof. by rewrite -(normN B) normD. Qed.

Lemma norm_sum m n (I : Type) (s : seq I) (F : I -> 'M[R]_(m, n)) :
  norm (\sum_(k <- s) F k) <= \sum_(k <- s) norm (F k).
Proof.
elim: s => [|k s IHs]; first by rewrite !big_nil norm_0.
by rewrite !big_cons (le_trans (normD _ _)) // ler_add2l.
Qed.

Lemma normM m n p (A : 'M[R]_(m, n)) (B : 'M[R]_(n, p)) : norm (A *m B) <= norm A * norm B.
Proof.
rewrite /norm mulr_suml; apply: ler_sum => i _.
apply: (@le_trans _ _ (\sum_k \sum_j `|A i j| * `|B j k|)).
  apply: ler_sum => k _; rewrite mxE (le_trans (ler_norm_sum _ _ _)) //.
  by apply: ler_sum => j _; rewrite normrM.
rewrite exchange_big mulr_suml; apply: ler_sum => j _.
rewrite -mulr_sumr ler_wpmul2l //; rewrite [leRHS](bigD1 j) //= ler_addl.
by do 2!apply: sumr_ge0 => ? _.
Qed.

Lemma normM_le m n p (A : 'M[R]_(m, n)) (B : 'M[R]_(n, p)) a b :
  norm A <= a -> norm B <= b -> norm (A *m B) <= a * b.
Proof. by move=> le_a le_b; rewrite (le_trans (normM A B)) // ler_pmul ?norm_ge0. Qed.

Lemma norm_frob m n (A B : 'M[R]_(m, n)) : `|⟨A, B⟩| <= norm A * norm B.
Proof.
rewrite mulr_suml; apply: le_trans (ler_norm_sum _ _ _) _; apply: ler_sum => i _.
rewrite mulr_suml; apply: le_trans (ler_norm_sum _ _ _) _; apply: ler_sum => j _.
by rewrite normrM ler_wpmul2l // norm_entry.
Qed.

End Norm.
