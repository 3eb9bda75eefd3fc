(** * Limits, with ε and δ written out

    Over every real field, for functions of anything that has a size: numbers, and matrices. *)

From mathcomp Require Import all_ssreflect fingroup perm all_algebra.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import Order.TTheory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Limits.

Variables (R : realFieldType) (T : Type) (size : T -> R).
Implicit Types (P Q : T -> Prop) (f g : T -> R) (e l m : R) (t : T).

(** P holds for all small t. *)
Definition small P := exists2 r, 0 < r & forall t, size t < r -> P t.

(** f(t) tends to l as t → 0. *)
Definition tends f l := forall e, 0 < e -> small (fun t => `|f t - l| < e).

Lemma small_and P Q : small P -> small Q -> small (fun t => P t /\ Q t).
Proof.
move=> [r r_gt0 smallP] [s s_gt0 smallQ]; exists (Num.min r s); first by rewrite lt_minr r_gt0.
by move=> t; rewrite lt_minr => /andP[? ?]; split; [apply: smallP | apply: smallQ].
Qed.

Lemma small_imply P Q : (forall t, P t -> Q t) -> small P -> small Q.
Proof. by move=> PQ [r r_gt0 smallP]; exists r => // t tr; apply/PQ/smallP. Qed.

Lemma small_all (I : finType) (P : I -> T -> Prop) :
  (forall i, small (P i)) -> small (fun t => forall i, P i t).
Proof.
move=> smallP; suff all_s (s : seq I) : small (fun t => forall i, i \in s -> P i t).
  by apply: small_imply (all_s (enum I)) => t all_i i; apply: all_i; rewrite mem_enum.
elim: s => [|i s IHs]; first by exists 1; first exact: ltr01.
apply: small_imply (small_and (smallP i) IHs) => t [Pi Ps] j.
by rewrite inE => /predU1P[-> | /Ps].
Qed.

Lemma tends_eq f g l m : (forall t, f t = g t) -> l = m -> tends f l -> tends g m.
Proof. by move=> fg <- lim e /lim; apply: small_imply => t; rewrite fg. Qed.

Lemma tends_const l : tends (fun _ => l) l.
Proof. by move=> e e_gt0; exists 1 => // t _; rewrite subrr normr0. Qed.

Lemma tendsD f g l m : tends f l -> tends g m -> tends (fun t => f t + g t) (l + m).
Proof.
move=> limf limg e e_gt0; have e2_gt0 : 0 < e / 2%:R by rewrite divr_gt0 ?ltr0n.
apply: small_imply (small_and (limf _ e2_gt0) (limg _ e2_gt0)) => t [fe ge].
rewrite opprD addrACA (le_lt_trans (ler_norm_add _ _)) //.
by rewrite [e]splitr ltr_add.
Qed.

Lemma tendsM f g l m : tends f l -> tends g m -> tends (fun t => f t * g t) (l * m).
Proof.
move=> limf limg e e_gt0.
have pos (a : R) : 0 < `|a| + 1 by rewrite ltr_paddl ?normr_ge0 ?ltr01.
have f_gt0 : 0 < e / 2%:R / (`|m| + 1) by rewrite !divr_gt0 ?ltr0n.
have g_gt0 : 0 < e / 2%:R / (`|l| + 1) by rewrite !divr_gt0 ?ltr0n.
apply: small_imply (small_and (limf _ f_gt0) (small_and (limg _ g_gt0) (limg _ ltr01))).
move=> t [fe [ge g1]].
have -> : f t * g t - l * m = (f t - l) * g t + (g t - m) * l.
  by rewrite !mulrBl [_ * l]mulrC [m * l]mulrC addrA subrK.
have half (a : R) : e / 2%:R = e / 2%:R / (`|a| + 1) * (`|a| + 1) by rewrite divfK // gt_eqF.
rewrite (le_lt_trans (ler_norm_add _ _)) // !normrM.
rewrite [ltRHS]splitr ltr_le_add //.
  rewrite (half m) ltr_pmul // -(subrK m (g t)) (le_lt_trans (ler_norm_add _ _)) //.
  by rewrite addrC ltr_add2l.
by rewrite (half l) ler_pmul // ?ltW // ltr_spaddr.
Qed.

Lemma tends_sum (I : Type) (s : seq I) (F : I -> T -> R) (L : I -> R) :
  (forall i, tends (F i) (L i)) -> tends (fun t => \sum_(i <- s) F i t) (\sum_(i <- s) L i).
Proof.
move=> lim; elim: s => [|i s IHs].
  by apply: tends_eq (tends_const 0) => [t|]; rewrite big_nil.
by apply: tends_eq (tendsD (lim i) IHs) => [t|]; rewrite big_cons.
Qed.

Lemma tends_prod (I : Type) (s : seq I) (F : I -> T -> R) (L : I -> R) :
  (forall i, tends (F i) (L i)) -> tends (fun t => \prod_(i <- s) F i t) (\prod_(i <- s) L i).
Proof.
move=> lim; elim: s => [|i s IHs].
  by apply: tends_eq (tends_const 1) => [t|]; rewrite big_nil.
by apply: tends_eq (tendsM (lim i) IHs) => [t|]; rewrite big_cons.
Qed.

(** Polynomials are continuous. *)
Lemma tends_horner f l (p : {poly R}) : tends f l -> tends (fun t => p.[f t]) p.[l].
Proof.
move=> lim.
have horner x : p.[x] = \sum_(i < seq.size p) p`_i * \prod_(j < i) x.
  by rewrite horner_coef; apply: eq_bigr => i _; rewrite prodr_const card_ord.
apply: tends_eq (fun t => esym (horner (f t))) (esym (horner l)) _.
apply: tends_sum => i; apply: tendsM; first exact: tends_const.
by apply: tends_prod.
Qed.

(** Near a number that is not 0, numbers have its sign. *)
Lemma same_sign l a : `|a - l| < `|l| -> 0 < l * a.
Proof.
move=> close; have l_gt0 : 0 < `|l| by apply: le_lt_trans close; apply: normr_ge0.
have -> : l * a = `|l| * `|l| + l * (a - l).
  by rewrite -normrM ger0_norm -?expr2 ?sqr_ge0 // expr2 -mulrDr addrC subrK.
rewrite -(opprK (l * _)) subr_gt0; apply: le_lt_trans (ler_norm _) _.
by rewrite normrN normrM ltr_pmul2l.
Qed.

(** What tends to l ≠ 0 has its sign. *)
Lemma tends_sign f l : l != 0 -> tends f l -> small (fun t => 0 < l * f t).
Proof.
by move=> l_neq0 lim; apply: small_imply (lim `|l| _) => [t|]; rewrite ?normr_gt0 //; apply: same_sign.
Qed.

(** The same for matrices, entry by entry. *)
Definition tends_mx a b (F : T -> 'M[R]_(a, b)) (L : 'M[R]_(a, b)) :=
  forall i j, tends (fun t => F t i j) (L i j).

Lemma tends_det a (F : T -> 'M[R]_a) L : tends_mx F L -> tends (fun t => \det (F t)) (\det L).
Proof.
move=> lim; apply: tends_sum => s; apply: tendsM; first exact: tends_const.
by apply: tends_prod => i; apply: lim.
Qed.

Lemma tends_adj a (F : T -> 'M[R]_a) L : tends_mx F L -> tends_mx (fun t => \adj (F t)) (\adj L).
Proof.
move=> lim i j.
apply: (@tends_eq (fun t => cofactor (F t) j i) _ (cofactor L j i)) => [t||]; rewrite ?mxE //.
apply: tendsM; first exact: tends_const.
by apply: tends_det => k l; apply: tends_eq (lim (lift j k) (lift i l)) => [t|]; rewrite !mxE.
Qed.

End Limits.
